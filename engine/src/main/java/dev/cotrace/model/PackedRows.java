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
 * Sequences laid end to end, without padding, as places {@code [N]}: what acts on each position
 * alone wastes nothing on ragged rows. Only attention looks at rows, and takes those of similar
 * length together. Its tensors belong to the scope it was made in.
 *
 * <p>Rows may go on from stems that several share. The M places of all stems follow those of the
 * rows; they have keys and values, but no queries.
 */
public final class PackedRows {
  /** Rows at least this long, measured by the longest, are padded to its length. */
  private static final double SIMILAR = 0.75;

  private final Decoder decoder;
  private final Span span;
  private final List<Bucket> buckets = new ArrayList<>();
  private final Map<Seen, Tensor> masks = new HashMap<>();
  private final Stems stems;
  private final int[] firstOfStem; // place of the first position of each
  private final int places; // N

  /**
   * What rows go on from.
   *
   * @param lengths of the stems
   * @param of each row, or {@link #NONE}
   */
  public record Stems(int[] lengths, int[] of) {
    /** The stem of a row that begins at position 0. */
    public static final int NONE = -1;

    private static Stems none(int rows) {
      int[] none = new int[rows];
      Arrays.fill(none, NONE);
      return new Stems(new int[0], none);
    }

    /** Position of a row's first place. */
    private int start(int row) {
      return of[row] == NONE ? 0 : lengths[of[row]];
    }
  }

  /** The scores of {@code time} positions from {@code start} on that see {@code window} each. */
  private record Seen(int start, int time, int window) {}

  /**
   * Rows that attention takes together.
   *
   * @param stem of all of them
   * @param first place of the first row
   * @param places of all of them
   * @param time of the longest
   * @param pad for each of {@code [rows · time]} its place from {@code first} on, past a row's end
   *     any; null when no row is shorter
   * @param unpad for each place its index in {@code [rows · time]}
   */
  private record Bucket(
      int stem,
      int first,
      int places,
      int rows,
      int time,
      @Nullable Tensor pad,
      @Nullable Tensor unpad) {}

  /** The rows of {@code lengths}, each from position 0. */
  public PackedRows(Decoder decoder, int[] lengths) {
    this(decoder, lengths, Stems.none(lengths.length));
  }

  /**
   * The rows of {@code lengths}, each after its stem. Neighbours of one stem and of similar length
   * make for fewer calls.
   */
  public PackedRows(Decoder decoder, int[] lengths, Stems stems) {
    this.decoder = decoder;
    this.stems = stems;
    places = Arrays.stream(lengths).sum();
    firstOfStem = new int[stems.lengths.length];
    span = Span.apart(decoder.placement(), decoder.architecture(), positions(lengths));
    int first = 0;
    int row = 0;
    while (row < lengths.length) {
      int end = similar(lengths, row);
      Bucket bucket = bucket(stems.of[row], first, Arrays.copyOfRange(lengths, row, end));
      buckets.add(bucket);
      makeMasks(bucket);
      first += bucket.places;
      row = end;
    }
  }

  /** The position of each place, of rows and then of stems. */
  private long[] positions(int[] lengths) {
    long[] positions = new long[places + Arrays.stream(stems.lengths).sum()];
    int place = 0;
    for (int row = 0; row < lengths.length; row++) {
      for (int t = 0; t < lengths[row]; t++) {
        positions[place++] = (long) stems.start(row) + t;
      }
    }
    for (int stem = 0; stem < firstOfStem.length; stem++) {
      firstOfStem[stem] = place;
      for (int t = 0; t < stems.lengths[stem]; t++) {
        positions[place++] = t;
      }
    }
    return positions;
  }

  /** Number of the rows' places, N. */
  int places() {
    return places;
  }

  /** The first row after {@code row} that does not go with it and those between. */
  private int similar(int[] lengths, int row) {
    int shortest = lengths[row];
    int longest = lengths[row];
    int end = row + 1;
    while (end < lengths.length && stems.of[end] == stems.of[row]) {
      shortest = Math.min(shortest, lengths[end]);
      longest = Math.max(longest, lengths[end]);
      if (shortest < SIMILAR * longest) {
        break;
      }
      end++;
    }
    return end;
  }

  private Bucket bucket(int stem, int first, int[] lengths) {
    int time = Arrays.stream(lengths).max().orElseThrow();
    int own = Arrays.stream(lengths).sum();
    if (own == time * lengths.length) {
      return new Bucket(stem, first, own, lengths.length, time, null, null);
    }
    long[] pad = new long[lengths.length * time];
    long[] unpad = new long[own];
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
        stem,
        first,
        own,
        lengths.length,
        time,
        placement.indices(pad, pad.length),
        placement.indices(unpad, unpad.length));
  }

  /** Rotary embeddings of all places, {@code [1, N + M]}. */
  Span span() {
    return span;
  }

  /**
   * Attention of the rows' places to what is before them; runs in the caller's scope.
   *
   * @param heads queries, keys and values of every query head, {@code [1, N + M, H, dHead]} each
   * @return {@code [1, N, H, dHead]}
   */
  Tensor attend(int layer, Projections heads) {
    TensorVector outputs = new TensorVector();
    for (Bucket bucket : buckets) {
      @Nullable Tensor mask = masks.get(seen(layer, bucket));
      Tensor z =
          decoder.attend(
              padded(bucket, heads.query()),
              afterStem(bucket, heads.key()).transpose(1, 2),
              afterStem(bucket, heads.value()).transpose(1, 2),
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

  /** Keys or values of the stem, then of each row. */
  private Tensor afterStem(Bucket bucket, Tensor heads) {
    Tensor own = padded(bucket, heads);
    if (bucket.stem == Stems.NONE) {
      return own;
    }
    Tensor stem = heads.narrow(1, firstOfStem[bucket.stem], stems.lengths[bucket.stem]);
    Tensor shared = stem.expand(bucket.rows, stem.size(1), stem.size(2), stem.size(3));
    return torch.cat(new TensorVector(shared, own), 1);
  }

  /** Makes the masks that a bucket needs, in the caller's scope; causality alone needs none. */
  private void makeMasks(Bucket bucket) {
    Architecture.Attention attention = decoder.architecture().attention();
    for (int layer = 0; layer < attention.patterns().size(); layer++) {
      Seen seen = seen(layer, bucket);
      if (seen.start > 0 || seen.window < seen.time || attention.scoreCap() > 0) {
        masks.computeIfAbsent(
            seen,
            _ -> Span.mask(decoder.placement(), seen.start, seen.time, new long[1], seen.window));
      }
    }
  }

  private Seen seen(int layer, Bucket bucket) {
    AttentionPattern pattern = decoder.architecture().attention().patterns().get(layer);
    int start = bucket.stem == Stems.NONE ? 0 : stems.lengths[bucket.stem];
    int end = start + bucket.time;
    int window = pattern.window() > 0 ? Math.min(pattern.window(), end) : end;
    return new Seen(start, bucket.time, window);
  }
}
