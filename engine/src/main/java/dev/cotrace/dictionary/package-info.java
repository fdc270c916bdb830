/**
 * Dictionaries of features that others trained: sparse autoencoders and transcoders.
 *
 * <p>Nouns: a {@link dev.cotrace.dictionary.Dictionary} turns activations at one {@link
 * dev.cotrace.dictionary.Site} of a model into features, and features into activations at the same
 * or another site; its {@link dev.cotrace.dictionary.DictionaryDescription} says which. A {@link
 * dev.cotrace.dictionary.TranscoderSet} has one for each layer, which write to that layer or to all
 * from it on. What files leave open is told in a {@link dev.cotrace.dictionary.Supplement}.
 *
 * <p>Shapes use {@code N} (positions, of any number of sequences), {@code dIn} and {@code dOut}
 * (widths of the sites), {@code F} (features) and {@code L} (layers). A row of the decoder is what
 * one feature at 1 adds to the output.
 *
 * <p>Opens {@code format} and {@code torch}. It knows no model: who joins a dictionary to one asks
 * {@link dev.cotrace.dictionary.DictionaryDescription#requireFor} first.
 */
@NullMarked
package dev.cotrace.dictionary;

import org.jspecify.annotations.NullMarked;
