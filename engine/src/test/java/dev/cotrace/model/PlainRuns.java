package dev.cotrace.model;

import dev.cotrace.torch.Placement;
import dev.cotrace.torch.Scope;
import java.util.Arrays;
import org.bytedeco.pytorch.Tensor;

/** Logits of the plain model, as Java arrays. */
final class PlainRuns {
  private PlainRuns() {}

  /** Logits {@code [T][V]} of one sequence. */
  static double[][] logits(Decoder decoder, int[] ids) {
    return logits(decoder, new int[][] {ids}, ids.length)[0];
  }

  /**
   * Logits {@code [row][T][V]} of a batch, each row's own positions only.
   *
   * @param rows sequences of any length; shorter ones are padded on the left with id 0
   * @param pieces how many slots each call of the forward pass takes; their sum is the longest row
   */
  static double[][][] logits(Decoder decoder, int[][] rows, int... pieces) {
    int longest = Arrays.stream(rows).mapToInt(row -> row.length).max().orElseThrow();
    int vocabulary = decoder.architecture().vocabulary();
    double[][][] logits = new double[rows.length][][];
    Arrays.setAll(logits, row -> new double[rows[row].length][]);
    long[] padding = Arrays.stream(rows).mapToLong(row -> longest - row.length).toArray();
    try (KvCache cache =
        new KvCache(
            decoder.placement(),
            decoder.architecture(),
            decoder.architecture().keyValueHeads(),
            longest,
            padding)) {
      int start = 0;
      for (int time : pieces) {
        double[] piece = forward(decoder, cache, slots(rows, padding, start, time));
        for (int row = 0; row < rows.length; row++) {
          for (int t = 0; t < time; t++) {
            int position = start + t - (int) padding[row];
            int at = (row * time + t) * vocabulary;
            if (position >= 0) {
              logits[row][position] = Arrays.copyOfRange(piece, at, at + vocabulary);
            }
          }
        }
        start += time;
      }
    }
    return logits;
  }

  private static long[][] slots(int[][] rows, long[] padding, int start, int time) {
    long[][] ids = new long[rows.length][time];
    for (int row = 0; row < rows.length; row++) {
      for (int t = 0; t < time; t++) {
        int position = start + t - (int) padding[row];
        ids[row][t] = position < 0 ? 0 : rows[row][position];
      }
    }
    return ids;
  }

  /** Logits of the next slots, row-major {@code [rows, time, V]}. */
  private static double[] forward(Decoder decoder, KvCache cache, long[][] ids) {
    try (Scope _ = new Scope();
        ResidualStream stream = new PlainStream()) {
      long[] flat = Arrays.stream(ids).flatMapToLong(Arrays::stream).toArray();
      Tensor tokens = decoder.placement().indices(flat, ids.length, ids[0].length);
      decoder.forward(tokens, cache, stream);
      return Placement.toDoubles(decoder.logits(stream.readLogits()));
    }
  }
}
