package dev.cotrace.model;

import dev.cotrace.model.Decoder.Projections;
import dev.cotrace.torch.Placement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/**
 * Whole sequences laid end to end, without padding, as places {@code [N]}: what acts on each
 * position alone wastes nothing on ragged rows. Only attention looks at rows, and takes those of
 * similar length together. Its tensors belong to the scope it was made in.
 */
public final class PackedRows {
  /** Rows at least this long, measured by the longest, are padded to its length. */
  private static final double SIMILAR = 0.75;

  private final Decoder decoder;
  private final Span span;
  private final List<Bucket> buckets = new ArrayList<>();
  private final Map<Long, Tensor> masks = new HashMap<>(); // by rows' length and window

  /**
   * Rows that attention takes together.
   *
   * @param first place of the first row
   * @param places of all of them
   * @param time of the longest
   * @param pad for each of {@code [rows · time]} its place from {@code first} on, past a row's end
   *     any; null when no row is shorter
   * @param unpad for each place its index in {@code [rows · time]}
   */
  private record Bucket(
      int first, int places, int rows, int time, @Nullable Tensor pad, @Nullable Tensor unpad) {}

  /**
   * The rows of {@code lengths}, each from position 0. Neighbours of similar length make for fewer
   * calls.
   */
  public PackedRows(Decoder decoder, int[] lengths) {
    this.decoder = decoder;
    long[] positions = new long[Arrays.stream(lengths).sum()];
    int place = 0;
    for (int length : lengths) {
      for (int t = 0; t < length; t++) {
        positions[place++] = t;
      }
    }
    span = Span.apart(decoder.placement(), decoder.architecture(), positions);
    int first = 0;
    int row = 0;
    while (row < lengths.length) {
      int end = similar(lengths, row);
      Bucket bucket = bucket(first, Arrays.copyOfRange(lengths, row, end));
      buckets.add(bucket);
      makeMasks(bucket.time);
      first += bucket.places;
      row = end;
    }
  }

  /** The first row after {@code row} that does not go with it and those between. */
  private static int similar(int[] lengths, int row) {
    int shortest = lengths[row];
    int longest = lengths[row];
    int end = row + 1;
    while (end < lengths.length) {
      shortest = Math.min(shortest, lengths[end]);
      longest = Math.max(longest, lengths[end]);
      if (shortest < SIMILAR * longest) {
        break;
      }
      end++;
    }
    return end;
  }

  private Bucket bucket(int first, int[] lengths) {
    int time = Arrays.stream(lengths).max().orElseThrow();
    int places = Arrays.stream(lengths).sum();
    if (places == time * lengths.length) {
      return new Bucket(first, places, lengths.length, time, null, null);
    }
    long[] pad = new long[lengths.length * time];
    long[] unpad = new long[places];
    int place = 0;
    for (int row = 0; row < lengths.length; row++) {
      for (int t = 0; t < time; t++) {
        pad[row * time + t] = (long) place + Math.min(t, lengths[row] - 1);
      }
      for (int t = 0; t < lengths[row]; t++) {
        unpad[place++] = (long) row * time + t;
      }
    }
    Placement placement = decoder.placement();
    return new Bucket(
        first,
        places,
        lengths.length,
        time,
        placement.indices(pad, pad.length),
        placement.indices(unpad, unpad.length));
  }

  /** Rotary embeddings of the places, {@code [1, N]}. */
  Span span() {
    return span;
  }

  /**
   * Attention within each row; runs in the caller's scope.
   *
   * @param heads queries, keys and values of every query head, {@code [1, N, H, dHead]} each
   * @return {@code [1, N, H, dHead]}
   */
  Tensor attend(int layer, Projections heads) {
    TensorVector outputs = new TensorVector();
    for (Bucket bucket : buckets) {
      @Nullable Tensor mask = mask(layer, bucket.time);
      Tensor z =
          decoder.attend(
              padded(bucket, heads.query()),
              padded(bucket, heads.key()).transpose(1, 2),
              padded(bucket, heads.value()).transpose(1, 2),
              mask,
              /* causal= */ mask == null);
      Tensor flat = z.reshape(-1, z.size(2), z.size(3));
      outputs.push_back(bucket.unpad == null ? flat : flat.index_select(0, bucket.unpad));
    }
    return torch.cat(outputs, 0).unsqueeze(0);
  }

  private static Tensor padded(Bucket bucket, Tensor heads) {
    Tensor own = heads.select(0, 0).narrow(0, bucket.first, bucket.places);
    Tensor all = bucket.pad == null ? own : own.index_select(0, bucket.pad);
    return all.reshape(bucket.rows, bucket.time, all.size(1), all.size(2));
  }

  /** Makes the masks that rows of {@code time} positions need, in the caller's scope. */
  private void makeMasks(int time) {
    Architecture.Attention attention = decoder.architecture().attention();
    for (AttentionPattern pattern : attention.patterns()) {
      int seen = seen(pattern, time);
      if (seen < time || attention.scoreCap() > 0) {
        masks.computeIfAbsent(
            key(time, seen), _ -> Span.mask(decoder.placement(), 0, time, new long[1], seen));
      }
    }
  }

  /** What the layer's scores are masked with; null where causality alone does. */
  private @Nullable Tensor mask(int layer, int time) {
    AttentionPattern pattern = decoder.architecture().attention().patterns().get(layer);
    return masks.get(key(time, seen(pattern, time)));
  }

  private static int seen(AttentionPattern pattern, int time) {
    return pattern.window() > 0 ? Math.min(pattern.window(), time) : time;
  }

  private static long key(int time, int seen) {
    return (long) time << Integer.SIZE | seen;
  }
}
