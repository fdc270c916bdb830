package dev.cotrace.circuit;

/**
 * A circuit without one of its edges.
 *
 * @param cell the edge
 * @param loss how much faithfulness goes with it
 */
public record Removal(int cell, Estimate loss) {}
