/**
 * Gated runs: the residual streams that interpolate between a clean and a corrupted run, and the
 * gradient through them.
 *
 * <p>A batch of a gated run has two or three blocks of rows of equal size: <em>live</em> (clean
 * tokens, gated reads), <em>corrupted</em> (a plain run on corrupted tokens) and, where the
 * objective needs it, <em>clean</em> (a plain run on clean tokens). Row i of each block belongs to
 * the same sequence. <strong>Gate 1 is clean, gate 0 is corrupted.</strong>
 *
 * <p>A {@link dev.cotrace.gate.RunRecord} is what a run leaves behind, one <em>slot</em> for each
 * live row and position that was fed.
 *
 * <p>Opens {@code model}, {@code circuit} and {@code torch}.
 */
@NullMarked
package dev.cotrace.gate;

import org.jspecify.annotations.NullMarked;
