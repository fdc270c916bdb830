/**
 * Models: architecture, weights, tokenizer, and the one forward pass.
 *
 * <p>Shapes use {@code rows} (sequences of a batch), {@code time} (positions of this call), {@code
 * D} (model width), {@code H} (query heads), {@code Hk} (key/value heads), {@code dHead}, {@code F}
 * (MLP width), {@code V} (vocabulary). Families differ by the fields of {@link
 * dev.cotrace.model.Architecture}, never by class. Everything that interpolates or records does so
 * behind {@link dev.cotrace.model.ResidualStream}, which the forward pass reads from and writes to.
 *
 * <p>Opens {@code format} and {@code torch}.
 */
@NullMarked
package dev.cotrace.model;

import org.jspecify.annotations.NullMarked;
