/**
 * Models whose circuits are known, because their weights are written and not trained, and how well
 * methods recover those circuits.
 *
 * <p>A <em>program</em> says what attention heads copy and which <em>rules</em> MLPs follow, in
 * terms of <em>registers</em>: named coordinates of the residual stream. The compiler writes it as
 * the parameters of a GPT-2. A <em>known circuit</em> is a program with prompt pairs and its
 * <em>true edges</em>: those whose corruption changes the expected outcome J. A <em>contender</em>
 * is a method that gives every edge a score.
 *
 * <p>Opens the root, {@code attribution}, {@code rollout}, {@code gate}, {@code circuit} and {@code
 * format}.
 */
@NullMarked
package dev.cotrace.truth;

import org.jspecify.annotations.NullMarked;
