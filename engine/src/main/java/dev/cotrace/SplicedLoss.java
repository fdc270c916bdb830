package dev.cotrace;

import dev.cotrace.OwnTexts.Text;
import dev.cotrace.circuit.Estimate;
import dev.cotrace.dictionary.Dictionary;
import dev.cotrace.feature.NextTokenLoss;
import dev.cotrace.model.Decoder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a model loses at predicting its own chains of thought when the activations that a dictionary
 * writes are replaced, in nats a token; errors are over prompt pairs. NaN where nothing follows the
 * prompts.
 *
 * @param plain loss of the model as it is
 * @param reconstructed how much more where every activation is the dictionary's
 * @param constant how much more where every activation is their mean
 */
public record SplicedLoss(Estimate plain, Estimate reconstructed, Estimate constant) {
  /** Texts that are looked at, from the first: each is run three times. */
  private static final int MOST = 256;

  /** The three by name. */
  Map<String, Estimate> each() {
    Map<String, Estimate> each = new LinkedHashMap<>();
    each.put("loss", plain);
    each.put("loss_added_by_reconstruction", reconstructed);
    each.put("loss_added_by_mean", constant);
    return each;
  }

  /** Measures on {@code texts}, where {@code mean} is that of the outputs, {@code [dOut]}. */
  static SplicedLoss of(Dictionary dictionary, Decoder decoder, List<Text> texts, double[] mean) {
    List<Text> some = texts.subList(0, Math.min(MOST, texts.size()));
    List<int[]> ids = some.stream().map(Text::ids).toList();
    NextTokenLoss loss = new NextTokenLoss(decoder);
    double[] plain = means(some, loss.plain(ids));
    double[] reconstructed = means(some, loss.reconstructed(ids, dictionary));
    double[] constant = means(some, loss.constant(ids, dictionary.description().output(), mean));
    return new SplicedLoss(
        byPair(some, plain),
        byPair(some, minus(reconstructed, plain)),
        byPair(some, minus(constant, plain)));
  }

  /** Over what follows the prompt of each text. */
  private static double[] means(List<Text> texts, double[][] losses) {
    double[] means = new double[texts.size()];
    Arrays.setAll(
        means,
        i ->
            Arrays.stream(losses[i])
                .skip(texts.get(i).prompt().ids().length - 1L)
                .average()
                .orElse(Double.NaN));
    return means;
  }

  private static double[] minus(double[] values, double[] others) {
    double[] differences = new double[values.length];
    Arrays.setAll(differences, i -> values[i] - others[i]);
    return differences;
  }

  private static Estimate byPair(List<Text> texts, double[] values) {
    Map<Integer, List<Double>> pairs = new TreeMap<>();
    for (int i = 0; i < values.length; i++) {
      if (!Double.isNaN(values[i])) {
        pairs.computeIfAbsent(texts.get(i).prompt().pair(), _ -> new ArrayList<>()).add(values[i]);
      }
    }
    return Estimate.mean(
        pairs.values().stream()
            .mapToDouble(
                each -> each.stream().mapToDouble(Double::doubleValue).average().orElseThrow())
            .toArray());
  }
}
