package dev.cotrace.model;

import dev.cotrace.torch.Placement;
import dev.cotrace.torch.Precision;
import dev.cotrace.torch.Scope;
import java.util.Set;
import org.bytedeco.pytorch.Tensor;

/**
 * One layer of SmolLM2-135M's shape with random parameters: 9 query heads of 64 on 3 key/value
 * heads, D = 576, MLP 1536.
 */
final class OneLayer implements AutoCloseable {
  static final int HEADS = 9;
  static final int KEY_VALUE_HEADS = 3;
  static final int HEAD_DIMENSION = 64;
  static final int WIDTH = 576;
  static final int MLP_WIDTH = 1536;
  private static final int VOCABULARY = 1024; // The unembedding is not what is measured.
  private static final int POSITIONS = 8192;

  final Placement placement = Placement.cpu(Precision.FLOAT32);
  final Architecture architecture =
      Architecture.llama(
          Architecture.Attention.plain(
              1, HEADS, KEY_VALUE_HEADS, HEAD_DIMENSION, Rotary.of(100_000, HEAD_DIMENSION)),
          WIDTH,
          MLP_WIDTH,
          VOCABULARY,
          POSITIONS,
          /* epsilon= */ 1e-5,
          /* tiedUnembedding= */ true,
          Set.of());
  private final Weights weights = Weights.random(architecture, placement, 1);
  final Decoder decoder = new Decoder(architecture, weights);

  /** Numbers to compute with, in the caller's scope; which ones does not matter. */
  Tensor values(long... shape) {
    return new RandomParameters(placement, ParameterLayout.huggingFace("llama"), 2)
        .read("values", shape);
  }

  /** Ids {@code [rows, time]}, in the caller's scope. */
  Tensor ids(int rows, int time) {
    long[] ids = new long[rows * time];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = i % VOCABULARY;
    }
    return placement.indices(ids, rows, time);
  }

  /** An empty cache. */
  KvCache cache(int rows, int capacity) {
    return new KvCache(placement, architecture, KEY_VALUE_HEADS, capacity, new long[rows]);
  }

  /** Feeds {@code ids}. */
  void feed(Tensor ids, KvCache cache) {
    try (Scope _ = new Scope();
        ResidualStream stream = new PlainStream()) {
      decoder.forward(ids, cache, stream);
    }
  }

  @Override
  public void close() {
    weights.close();
  }
}
