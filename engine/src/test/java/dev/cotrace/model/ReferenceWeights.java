package dev.cotrace.model;

import dev.cotrace.model.ReferenceFunctions.Affine;
import java.util.Arrays;
import java.util.Map;

/** Tensors by their Hugging Face names, as plain arrays. */
final class ReferenceWeights {
  private final Map<String, NamedArray> tensors;

  ReferenceWeights(Map<String, NamedArray> tensors) {
    this.tensors = tensors;
  }

  boolean has(String name) {
    return tensors.containsKey(name);
  }

  /** torch's {@code nn.Linear}: weight {@code [out][in]}, the bias optional. */
  Affine linear(String name) {
    double[][] weight = matrix(name + ".weight");
    return new Affine(
        weight, has(name + ".bias") ? vector(name + ".bias") : new double[weight.length]);
  }

  /** GPT-2's Conv1D: weight {@code [in][out]} in the file. */
  Affine conv1d(String name) {
    double[][] stored = matrix(name + ".weight");
    double[][] weight = new double[stored[0].length][stored.length];
    for (int i = 0; i < stored.length; i++) {
      for (int o = 0; o < weight.length; o++) {
        weight[o][i] = stored[i][o];
      }
    }
    return new Affine(weight, vector(name + ".bias"));
  }

  double[][] matrix(String name) {
    NamedArray array = tensor(name);
    double[][] rows = new double[array.dimension(0)][];
    Arrays.setAll(rows, array::slice);
    return rows;
  }

  double[] vector(String name) {
    return tensor(name).slice();
  }

  private NamedArray tensor(String name) {
    NamedArray array = tensors.get(name);
    if (array == null) {
      throw new IllegalArgumentException("no tensor " + name + " among " + tensors.keySet());
    }
    return array;
  }
}
