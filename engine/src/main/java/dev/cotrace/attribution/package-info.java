/**
 * From gradients to scores: estimators, the integral over gates, error bars, and on-policy
 * evaluation of circuits.
 *
 * <p>A <em>job</em> is one prompt at one gate value α, with its K rollouts: the unit of
 * independence. Jobs of one <em>cluster</em> (the repeats of a prompt, or of a few prompts) may
 * depend on each other; standard errors come from the differences between clusters (METHOD §7). A
 * {@link dev.cotrace.attribution.Runner} does jobs, here or in other processes; a {@link
 * dev.cotrace.attribution.Checkpoint} knows which are done. No libtorch type is in a public
 * signature.
 *
 * <p>Opens {@code rollout}, {@code gate}, {@code circuit} and {@code torch}.
 */
@NullMarked
package dev.cotrace.attribution;

import org.jspecify.annotations.NullMarked;
