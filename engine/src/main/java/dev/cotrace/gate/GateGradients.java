package dev.cotrace.gate;

/**
 * The gradient with respect to every edge's gate, one for each of several cotangents.
 *
 * @param edges {@code [part][cotangent]} row-major {@code [nSrc, nDst]}: summed over the positions
 *     of each part
 * @param positions {@code [cotangent][place]}: summed over all edges
 */
public record GateGradients(double[][][] edges, double[][] positions) {}
