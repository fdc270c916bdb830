/**
 * The vocabulary of results, in pure Java: nodes, edges, the graph that owns all indices, circuits
 * and scores.
 *
 * <p>Notation: {@code L} layers, {@code H} query heads a layer. Sources: {@code input}, every head,
 * every MLP ({@code nSrc = 1 + L(H+1)}). Targets: every head's q, k and v input, every MLP, and
 * {@code logits} ({@code nDst = L(3H+1) + 1}). Names and order are those of EAP-IG's {@code Graph}
 * (Hanna et al. 2024, arXiv 2403.17806). Opens no other room.
 */
@NullMarked
package dev.cotrace.circuit;

import org.jspecify.annotations.NullMarked;
