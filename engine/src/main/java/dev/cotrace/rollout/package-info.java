/**
 * Rollouts: prompts, sampling from a gated model, and what a transcript is worth.
 *
 * <p>A <em>rollout</em> is one sampled chain of thought. Its steps t count from 0; step t's token
 * is drawn from H_z given the prompt and the tokens before it. H_z is the distribution at the
 * sampling temperature, everywhere. No libtorch type is in a public signature.
 *
 * <p>What a sampled text is worth, whatever the model makes of it, is an {@link
 * dev.cotrace.rollout.Outcome}: the interface that users implement for terms of their own.
 *
 * <p>A {@link dev.cotrace.rollout.Scheme} says how the rollouts of a request are drawn together, a
 * {@link dev.cotrace.rollout.Sample} is what came of it, and its {@link
 * dev.cotrace.rollout.Weighting} makes it an unbiased one. While they grow, rollouts are paths,
 * each in a row of the batch, and a feed says what of a pair the rows are given.
 *
 * <p>Opens {@code gate}, {@code model} and {@code torch}.
 */
@NullMarked
package dev.cotrace.rollout;

import org.jspecify.annotations.NullMarked;
