/**
 * Features of a model's activations: collects activations, trains small dictionaries on them,
 * measures what a dictionary loses, and finds the contexts in which features are active.
 *
 * <p>Nouns: {@link dev.cotrace.feature.Activations} are what a plain model computes at a {@link
 * dev.cotrace.dictionary.Site}. A {@code DictionaryTraining} makes a dictionary of them, {@code
 * Fidelity} says how good one is on texts that it was not trained on, and {@code FeatureContexts}
 * where its features are active.
 *
 * <p>Shapes use {@code N} (positions, of any number of sequences), {@code B} (positions of a
 * batch), {@code dIn} and {@code dOut} (widths of the sites) and {@code F} (features).
 *
 * <p>Opens {@code dictionary}, {@code model}, {@code circuit} and {@code torch}. It is the room
 * where a dictionary and a model meet; texts are token ids here, and who sampled them is not its
 * concern.
 */
@NullMarked
package dev.cotrace.feature;

import org.jspecify.annotations.NullMarked;
