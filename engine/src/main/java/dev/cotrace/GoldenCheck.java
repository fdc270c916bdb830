package dev.cotrace;

import dev.cotrace.format.Safetensors;
import dev.cotrace.format.StoredTensor;
import dev.cotrace.format.StoredType;
import dev.cotrace.model.Model;
import dev.cotrace.model.PlainRun;
import dev.cotrace.torch.Precision;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * Compares a model's logits with those of another program.
 *
 * @param file a safetensors file with {@code input_ids [B, T]} and {@code logits [B, T, V]}
 */
record GoldenCheck(Path file, Model model, Checkup.Notes notes) {
  private static final ValueLayout.OfLong INTEGER =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** How far the logits are from the golden ones. */
  private static final class Differences {
    private double largest;
    private double largestGolden;
    private int positions;
    private int sameFirst;

    void add(double[] actual, double[] golden) {
      for (int id = 0; id < golden.length; id++) {
        largest = Math.max(largest, Math.abs(actual[id] - golden[id]));
        largestGolden = Math.max(largestGolden, Math.abs(golden[id]));
      }
      positions++;
      sameFirst += first(actual) == first(golden) ? 1 : 0;
    }

    private static int first(double[] values) {
      int first = 0;
      for (int id = 1; id < values.length; id++) {
        first = values[id] > values[first] ? id : first;
      }
      return first;
    }
  }

  void run() throws IOException {
    try (Safetensors goldens = Safetensors.open(file)) {
      StoredTensor ids = goldens.tensor("input_ids");
      StoredTensor logits = goldens.tensor("logits");
      int vocabulary = model.architecture().vocabulary();
      long[] expected =
          ids.shape().length == 2
              ? new long[] {ids.shape()[0], ids.shape()[1], vocabulary}
              : new long[0];
      boolean readable = ids.type() == StoredType.I64 && logits.type().floating();
      if (!readable || !Arrays.equals(logits.shape(), expected)) {
        throw new IllegalArgumentException(
            "expected in %s input_ids as I64 [B, T] and real logits [B, T, %d], got %s and %s"
                .formatted(file, vocabulary, ids, logits));
      }
      Differences differences = new Differences();
      int time = (int) expected[1];
      for (int row = 0; row < expected[0]; row++) {
        int[] tokens = new int[time];
        long first = (long) row * time;
        Arrays.setAll(tokens, t -> Math.toIntExact(ids.bytes().getAtIndex(INTEGER, first + t)));
        new PlainRun(model.decoder())
            .logits(
                tokens,
                (position, values) -> {
                  double[] golden = new double[vocabulary];
                  logits.decode((first + position) * vocabulary, golden);
                  differences.add(values, golden);
                });
      }
      tell(differences);
    }
  }

  private void tell(Differences differences) {
    double relative = differences.largest / differences.largestGolden;
    String text =
        "largest difference %.2g, %.1g of the largest logit; the first choice agrees at %d of %d positions (%s)"
            .formatted(
                differences.largest,
                relative,
                differences.sameFirst,
                differences.positions,
                file.getFileName());
    if (relative > tolerance()) {
      notes.wrong(
          "logits",
          "See that the goldens are of this model in this precision, that the same tokens were fed, and that the model was not quantised; then report it.",
          text);
    } else {
      notes.fine("logits", text);
    }
  }

  /** float32 in another order of sums, or the reference's own float32, is up to 1e-5 away. */
  private double tolerance() {
    return model.decoder().placement().precision() == Precision.BFLOAT16 ? 0.05 : 1e-4;
  }
}
