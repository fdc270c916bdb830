package dev.cotrace.truth;

/**
 * The one position that a head looks at. Where there is none such among the positions so far, the
 * head looks at all of them alike.
 */
sealed interface Attend {
  /** The same position from everywhere; queries depend on nothing. */
  record Position(int position) implements Attend {}

  /** The position {@code distance} before. */
  record Back(int distance) implements Attend {}

  /** The position whose {@code key} register holds what the {@code query} register holds here. */
  record Match(Register query, Register key) implements Attend {}
}
