package dev.cotrace.model;

import dev.cotrace.torch.Placement;
import dev.cotrace.torch.Scope;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/**
 * The slots that one call of the forward pass fills: each row's positions and, for each layer, what
 * they see. Its tensors belong to the scope it was made in.
 *
 * @param end first slot after this span
 * @param positions {@code [rows or 1, time]}, counted in each row's own sequence; padding counts as
 *     position 0
 * @param views one for each layer; layers of one pattern share theirs
 */
public record Span(int end, Tensor positions, List<View> views) {
  /**
   * What the positions see in some layer.
   *
   * @param mask what is added to attention scores, {@code [rows or 1, 1, time, end]}: 0 where a
   *     slot is visible and −∞ elsewhere; null when everything is visible
   * @param rotation the rotary embedding of the positions, or null for a layer without one
   */
  record View(@Nullable Tensor mask, @Nullable Rotation rotation) {}

  /**
   * The span of {@code time} slots from {@code start} on.
   *
   * @param padding leading slots of each row that hold nothing
   */
  public static Span of(
      Placement placement, Architecture architecture, int start, int time, long[] padding) {
    boolean padded = Arrays.stream(padding).anyMatch(p -> p > 0);
    long[] hidden = padded ? padding : new long[1];
    long[] positions = new long[hidden.length * time];
    for (int row = 0; row < hidden.length; row++) {
      for (int t = 0; t < time; t++) {
        positions[row * time + t] = Math.max(0, start + t - hidden[row]);
      }
    }
    Map<Integer, Tensor> masks = new HashMap<>();
    Rotations rotations = new Rotations(placement, positions, hidden.length, time);
    List<View> views = new ArrayList<>();
    for (AttentionPattern pattern : architecture.attention().patterns()) {
      boolean narrow = pattern.window() > 0 && pattern.window() < start + time;
      int window = narrow ? pattern.window() : start + time;
      if (narrow || padded || time > 1) {
        masks.computeIfAbsent(window, _ -> mask(placement, start, time, hidden, window));
      }
      views.add(new View(masks.get(window), rotations.of(pattern.rotary())));
    }
    return new Span(start + time, placement.indices(positions, hidden.length, time), views);
  }

  /** The views of places {@code [1, positions]} that see nothing of each other: rotations only. */
  static Span apart(Placement placement, Architecture architecture, long[] positions) {
    Rotations rotations = new Rotations(placement, positions, 1, positions.length);
    List<View> views = new ArrayList<>();
    for (AttentionPattern pattern : architecture.attention().patterns()) {
      views.add(new View(null, rotations.of(pattern.rotary())));
    }
    Tensor places = placement.indices(positions, 1, positions.length);
    return new Span(positions.length, places, views);
  }

  /** The rotations of one span's positions, each made once. */
  private record Rotations(
      Placement placement, long[] positions, int rows, int time, Map<Rotary, Rotation> made) {
    Rotations(Placement placement, long[] positions, int rows, int time) {
      this(placement, positions, rows, time, new HashMap<>());
    }

    @Nullable Rotation of(Rotary rotary) {
      return rotary.enabled()
          ? made.computeIfAbsent(rotary, _ -> Rotation.of(placement, rotary, positions, rows, time))
          : null;
    }
  }

  /** What the positions see in {@code layer}. */
  View view(int layer) {
    return views.get(layer);
  }

  /**
   * Slot s is visible from slot t when {@code t − window < s ≤ t} and s is no padding; padding sees
   * itself, so that no softmax is empty.
   */
  static Tensor mask(Placement placement, int start, int time, long[] hidden, int window) {
    try (Scope scope = new Scope()) {
      int end = start + time;
      Tensor slot = placement.indices(range(0, end), 1, 1, 1, end);
      Tensor query = placement.indices(range(start, end), 1, 1, time, 1);
      Tensor first = placement.indices(hidden, hidden.length, 1, 1, 1);
      Tensor before = slot.gt(query.sub(new Scalar((long) window)));
      Tensor visible =
          slot.le(query).logical_and(before).logical_and(slot.ge(first)).logical_or(slot.eq(query));
      Tensor mask = placement.zeros(hidden.length, 1, time, end);
      return scope.keep(
          mask.masked_fill_(visible.logical_not(), new Scalar(Double.NEGATIVE_INFINITY)));
    }
  }

  private static long[] range(int first, int end) {
    long[] range = new long[end - first];
    Arrays.setAll(range, i -> first + i);
    return range;
  }

  /** The rotary embedding of a span's positions, {@code [rows or 1, time, 1, R]} each. */
  record Rotation(Tensor cos, Tensor sin) {
    private static Rotation of(
        Placement placement, Rotary rotary, long[] positions, int rows, int time) {
      try (Scope scope = new Scope()) {
        double[] angles = rotary.angles(positions);
        int width = angles.length / positions.length;
        // The angles are exact doubles; only their cosines and sines are rounded to the model's
        // precision.
        double[] cos = Arrays.stream(angles).map(Math::cos).toArray();
        double[] sin = Arrays.stream(angles).map(Math::sin).toArray();
        return new Rotation(
            scope.keep(placement.tensor(cos, rows, time, 1, width)),
            scope.keep(placement.tensor(sin, rows, time, 1, width)));
      }
    }

    /**
     * Rotates the first R dimensions of {@code x [rows, time, heads, dHead]} in the half-split
     * convention; runs in the caller's scope.
     */
    Tensor apply(Tensor x) {
      long turning = cos.size(3);
      if (turning == x.size(3)) {
        return turn(x);
      }
      Tensor still = x.narrow(3, turning, x.size(3) - turning);
      return torch.cat(new TensorVector(turn(x.narrow(3, 0, turning)), still), 3);
    }

    private Tensor turn(Tensor x) {
      long half = x.size(3) / 2;
      Tensor first = x.narrow(3, 0, half);
      Tensor second = x.narrow(3, half, half);
      Tensor turned = torch.cat(new TensorVector(second.neg(), first), 3);
      return x.mul(cos).add(turned.mul(sin));
    }
  }
}
