package dev.cotrace.feature;

import dev.cotrace.dictionary.Dictionary;
import dev.cotrace.model.Decoder;
import dev.cotrace.torch.Holder;
import dev.cotrace.torch.Placement;
import dev.cotrace.torch.Precision;
import dev.cotrace.torch.Scope;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.function.IntConsumer;
import java.util.function.LongToIntFunction;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.T_TensorTensor_T;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * Where the features of a dictionary are active in some texts: how often, how strongly, and the
 * places of the largest activations, one a text at most. Holds the features of a few positions at a
 * time, never those of all.
 *
 * @param positions N, of all texts
 * @param frequency share of positions at which each feature is active, {@code [F]}
 * @param mean activation of each over all positions, {@code [F]}
 * @param strength the mean activation times the norm of what the feature at 1 adds, {@code [F]}
 * @param values the largest activations of each feature, one a text, largest first: {@code [C][F]};
 *     0 or less where there are no more
 * @param sequences which text each is in
 * @param places at which position of it
 */
public record FeatureContexts(
    long positions,
    double[] frequency,
    double[] mean,
    double[] strength,
    double[][] values,
    int[][] sequences,
    int[][] places) {
  /** Sequences whose activations are collected together. */
  private static final int TOGETHER = 64;

  /** Numbers of features that are made together. */
  private static final long PIECE = 1 << 22;

  /**
   * A place where a feature is active.
   *
   * @param sequence number of the text
   * @param position in it, from 0
   * @param value the activation
   */
  public record Context(int sequence, int position, double value) {}

  /** Number of features. */
  public int features() {
    return frequency.length;
  }

  /** The strongest {@code count} features that are active anywhere, strongest first. */
  public int[] strongest(int count) {
    return IntStream.range(0, features())
        .filter(f -> frequency[f] > 0)
        .boxed()
        .sorted(Comparator.comparingDouble((Integer f) -> -strength[f]))
        .limit(count)
        .mapToInt(Integer::intValue)
        .toArray();
  }

  /** The places of the largest activations of {@code feature}, largest first. */
  public List<Context> of(int feature) {
    List<Context> contexts = new ArrayList<>();
    for (int c = 0; c < values.length && values[c][feature] > 0; c++) {
      contexts.add(new Context(sequences[c][feature], places[c][feature], values[c][feature]));
    }
    return contexts;
  }

  /**
   * Looks through {@code texts}.
   *
   * @param texts token ids from position 0, at least one
   * @param most places to keep of each feature
   * @param progress hears how many texts are done
   * @throws IllegalArgumentException when the dictionary is not for this model
   */
  public static FeatureContexts find(
      Dictionary dictionary, Decoder decoder, List<int[]> texts, int most, IntConsumer progress) {
    dictionary.description().requireFor(Activations.shape(decoder.architecture()));
    Activations activations = new Activations(decoder);
    try (Search search = new Search(dictionary, most)) {
      for (int first = 0; first < texts.size(); first += TOGETHER) {
        List<int[]> batch = texts.subList(first, Math.min(texts.size(), first + TOGETHER));
        try (Scope _ = new Scope()) {
          Tensor x = activations.at(dictionary.description().input(), batch);
          long at = 0;
          for (int i = 0; i < batch.size(); i++) {
            search.add(first + i, x.narrow(0, at, batch.get(i).length));
            at += batch.get(i).length;
          }
        }
        progress.accept(first + batch.size());
      }
      return search.contexts();
    }
  }

  /** The sums and the largest so far. */
  private static final class Search implements AutoCloseable {
    private final Dictionary dictionary;
    private final int most;
    private final long step;
    private final Holder times = new Holder(); // active positions, [F], float64
    private final Holder sum = new Holder(); // of activations, [F], float64
    private final Holder largest = new Holder(); // [≤ most, F], float64
    private final Holder where = new Holder(); // sequence · 2³² + position, like largest
    private long positions;

    Search(Dictionary dictionary, int most) {
      this.dictionary = dictionary;
      this.most = most;
      long features = dictionary.description().features();
      step = Math.max(1, PIECE / features);
      try (Scope _ = new Scope()) {
        Tensor like = dictionary.directions().narrow(0, 0, 1).to(Precision.FLOAT64.type());
        times.set(like.new_zeros(features));
        sum.set(like.new_zeros(features));
      }
    }

    /** Adds a text of inputs {@code [T, dIn]}. */
    void add(int sequence, Tensor x) {
      try (Scope _ = new Scope();
          Holder values = new Holder();
          Holder places = new Holder()) {
        for (long first = 0; first < x.size(0); first += step) {
          try (Scope _ = new Scope()) {
            piece(x.narrow(0, first, Math.min(step, x.size(0) - first)), first, values, places);
          }
        }
        Tensor named = places.get().add(new Scalar((long) sequence << Integer.SIZE));
        merge(values.get().unsqueeze(0), named.unsqueeze(0));
      }
      positions += x.size(0);
    }

    /** Adds a piece of a text, and keeps the largest activation of each feature in it so far. */
    private void piece(Tensor x, long first, Holder values, Holder places) {
      Tensor features =
          dictionary
              .encode(x.to(dictionary.directions().scalar_type()))
              .to(Precision.FLOAT64.type());
      times.get().add_(features.ne(new Scalar(0.0)).sum(new long[] {0}, false, null));
      sum.get().add_(features.sum(new long[] {0}, false, null));
      T_TensorTensor_T best = features.max(0);
      Tensor value = features.gather(0, best.get1().unsqueeze(0)).squeeze(0);
      Tensor place = best.get1().add(new Scalar(first));
      if (values.isSet()) {
        Tensor larger = value.gt(values.get());
        place = place.where(larger, places.get());
        value = value.where(larger, values.get());
      }
      values.set(value);
      places.set(place);
    }

    private void merge(Tensor values, Tensor named) {
      if (!largest.isSet()) {
        largest.set(values);
        where.set(named);
        return;
      }
      Tensor all = torch.cat(new TensorVector(largest.get(), values), 0);
      Tensor names = torch.cat(new TensorVector(where.get(), named), 0);
      Tensor order = all.topk(Math.min(most, all.size(0)), 0, true, true).get1();
      largest.set(all.gather(0, order));
      where.set(names.gather(0, order));
    }

    FeatureContexts contexts() {
      try (Scope _ = new Scope()) {
        int features = Math.toIntExact(times.get().size(0));
        int kept = Math.toIntExact(largest.get().size(0));
        Tensor norms =
            dictionary
                .directions()
                .to(Precision.FLOAT64.type())
                .square()
                .sum(new long[] {1}, false, null)
                .sqrt();
        Scalar all = new Scalar((double) positions);
        Tensor mean = sum.get().div(all);
        double[] values = Placement.toDoubles(largest.get());
        double[] names = Placement.toDoubles(where.get()); // exact for two million texts
        double[][] byRank = new double[kept][];
        Arrays.setAll(byRank, c -> Arrays.copyOfRange(values, c * features, (c + 1) * features));
        return new FeatureContexts(
            positions,
            Placement.toDoubles(times.get().div(all)),
            Placement.toDoubles(mean),
            Placement.toDoubles(mean.mul(norms)),
            byRank,
            each(names, features, name -> (int) (name >> Integer.SIZE)),
            each(names, features, name -> (int) name));
      }
    }

    private static int[][] each(double[] names, int features, LongToIntFunction part) {
      int[][] parts = new int[names.length / features][features];
      for (int i = 0; i < names.length; i++) {
        parts[i / features][i % features] = part.applyAsInt((long) names[i]);
      }
      return parts;
    }

    @Override
    public void close() {
      times.close();
      sum.close();
      largest.close();
      where.close();
    }
  }
}
