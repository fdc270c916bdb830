/**
 * What the work costs: measurements whose results are ratios taken in one run, because times of two
 * runs on a shared machine cannot be compared.
 *
 * <p>A <em>contender</em> is a piece of work that is timed; contenders take turns for some
 * <em>rounds</em>, and the fastest round of each counts: other processes can only add time. A
 * <em>batch</em> is the number of rollouts that grow together, T the number of tokens sampled for
 * each.
 *
 * <p>Opens the root, {@code attribution}, {@code rollout}, {@code gate}, {@code model} and {@code
 * torch}.
 */
@NullMarked
package dev.cotrace.bench;

import org.jspecify.annotations.NullMarked;
