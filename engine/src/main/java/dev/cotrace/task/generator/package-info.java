/**
 * Tasks made to measure for a tokenizer: clean and corrupted prompts of equally many tokens that
 * differ only where they should.
 *
 * <p>A {@link dev.cotrace.task.generator.PairKind} draws a {@link
 * dev.cotrace.task.generator.Draft}, {@link dev.cotrace.task.generator.Fit} says whether the
 * tokenizer keeps its two prompts alike, {@link dev.cotrace.task.generator.TaskGenerator} draws
 * until enough do.
 *
 * <p>Opens {@code task} and {@code rollout}.
 */
@NullMarked
package dev.cotrace.task.generator;

import org.jspecify.annotations.NullMarked;
