package dev.cotrace.attribution;

import dev.cotrace.circuit.Circuit;

/**
 * A circuit that was found by taking edges out of the whole model.
 *
 * @param circuit what is left
 * @param scores of all edges, by which they were kept, row-major {@code [nSrc, nDst]}; none is
 *     negative
 * @param words how it was found
 */
public record PrunedCircuit(Circuit circuit, double[] scores, String words) {}
