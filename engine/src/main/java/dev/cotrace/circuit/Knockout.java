package dev.cotrace.circuit;

/**
 * A circuit and the whole model without the same edges.
 *
 * @param edges how many were taken out of both
 * @param circuit faithfulness of the rest of the circuit
 * @param model faithfulness of the rest of the model
 * @param gap the first less the second
 */
public record Knockout(int edges, Estimate circuit, Estimate model, Estimate gap) {}
