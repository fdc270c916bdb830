package dev.cotrace.task;

/**
 * Which rows of a data file become pairs, and which of a row's columns.
 *
 * @param limit how many pairs to read, from the first; 0 for all
 * @param counterfactual the column of a MIB row that the corrupted prompt is in, with or without
 *     {@code _counterfactual} at its end; empty for the one that MIB itself uses
 */
public record RowChoice(int limit, String counterfactual) {
  /** All rows, with MIB's own choice of counterfactuals. */
  public static final RowChoice ALL = new RowChoice(0, "");
}
