package dev.cotrace.dictionary;

import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * The map from features to outputs.
 *
 * @param rows what each feature at 1 adds, {@code [F, dOut]}
 * @param bias {@code [dOut]}
 * @param skip what the input adds by itself, as a matrix {@code [dIn, dOut]}, if it does
 */
record DecoderWeights(Tensor rows, Tensor bias, @Nullable Tensor skip) {}
