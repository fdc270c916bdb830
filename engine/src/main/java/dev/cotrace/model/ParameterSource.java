package dev.cotrace.model;

import org.bytedeco.pytorch.Tensor;

/** Named parameters as some file holds them, ready at the precision and device of the model. */
interface ParameterSource {
  /** Whether there is a parameter of this name. */
  boolean has(String name);

  /** The parameter {@code name}, which must have {@code shape}; in the caller's scope. */
  Tensor read(String name, long... shape);
}
