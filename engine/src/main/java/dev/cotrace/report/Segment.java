package dev.cotrace.report;

/**
 * A column of an attribution graph: positions that are shown together.
 *
 * @param name of the bin of positions, for example {@code sentence 2}
 * @param example the text of one transcript there; may be empty
 * @param probability of the tokens that the clean model is asked for at these positions, a
 *     geometric mean; NaN where not known
 */
public record Segment(String name, String example, double probability) {}
