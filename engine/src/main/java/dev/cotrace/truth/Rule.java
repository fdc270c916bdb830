package dev.cotrace.truth;

import java.util.List;

/**
 * What an MLP does at a position: where all cells of {@code when} are one, it adds one to every
 * cell of {@code then}.
 */
record Rule(List<Register.Cell> when, List<Register.Cell> then) {
  /** Copies both lists. */
  Rule {
    when = List.copyOf(when);
    then = List.copyOf(then);
  }
}
