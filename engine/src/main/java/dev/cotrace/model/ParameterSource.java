package dev.cotrace.model;

import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/** Named parameters as some file holds them, ready at the precision and device of the model. */
interface ParameterSource {
  /** Whether there is a parameter of this name. */
  boolean has(String name);

  /** The parameter {@code name}, which must have {@code shape}; in the caller's scope. */
  Tensor read(String name, long... shape);

  /** The parameter {@code name}, or null when there is none. */
  default @Nullable Tensor readIfPresent(String name, long... shape) {
    return has(name) ? read(name, shape) : null;
  }

  /** The affine map {@code name.weight [out, in]} with {@code name.bias [out]} if there is one. */
  default Linear linear(String name, long out, long in) {
    return new Linear(read(name + ".weight", out, in), readIfPresent(name + ".bias", out));
  }

  /** The norm {@code name.weight}, with {@code name.bias} if there is one. */
  default Norm norm(String name, Architecture architecture) {
    long width = architecture.width();
    return new Norm(
        architecture.centredNorm(),
        architecture.normEpsilon(),
        read(name + ".weight", width),
        readIfPresent(name + ".bias", width));
  }
}
