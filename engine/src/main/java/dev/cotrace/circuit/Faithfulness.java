package dev.cotrace.circuit;

/**
 * How much of the behaviour a circuit keeps when one samples from it: {@code (J(C) − J(0)) / (J(1)
 * − J(0))}.
 *
 * @param edges number of edges of the circuit
 * @param circuit J(C)
 * @param faithfulness with its standard error
 */
public record Faithfulness(int edges, Estimate circuit, Estimate faithfulness) {}
