package dev.cotrace.circuit;

/** What becomes of the errors of dictionaries, what their features leave over, in circuits. */
public enum ErrorUnits {
  /** They are chosen like features. */
  GATED,
  /** They are in every circuit. */
  KEPT,
  /** They are in no circuit: features have to do without. */
  REMOVED
}
