package dev.cotrace.report;

/** Which edges are written. */
public enum EdgeChoice {
  /** Those in the circuit. */
  CIRCUIT,
  /** Every edge of the graph. */
  ALL
}
