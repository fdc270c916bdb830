package dev.cotrace;

import dev.cotrace.circuit.Estimate;
import dev.cotrace.circuit.Units;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CancellationException;
import java.util.function.Consumer;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Two settings of the gates sampled with the same Gumbel noise, so that they write different words
 * only where they differ (METHOD §4).
 *
 * @param firstName what the first was asked for by
 * @param secondName what the second was asked for by
 * @param first J of the first
 * @param second J of the second
 * @param difference J of the second less J of the first, with the error of the paired difference
 *     over prompts, or over rollouts when there is one prompt
 * @param varianceRatio how many times the variance of a difference of two rollouts of the same
 *     prompt would be, were their noise independent; 1 is no gain, infinite when all differences of
 *     a prompt are the same, NaN with one rollout for each prompt
 * @param twins all rollouts, pair by pair
 */
public record Comparison(
    String firstName,
    String secondName,
    Estimate first,
    Estimate second,
    Estimate difference,
    double varianceRatio,
    List<TwinRollout> twins) {

  /**
   * Samples from both.
   *
   * @param sides one or two of what {@link GateSetting#parse} reads; two unless there is {@code
   *     without}
   * @param without names of edges that the second lacks; the second is else the last of {@code
   *     sides}
   * @param each rollouts for each pair
   * @param reader hears of every two rollouts as they come
   */
  public static Comparison run(
      DiscoverySpec spec,
      List<String> sides,
      List<String> without,
      int each,
      DiscoveryListener listener,
      Consumer<TwinRollout> reader)
      throws IOException {
    if (sides.isEmpty() || sides.size() > 2 || (sides.size() < 2 && without.isEmpty())) {
      throw new IllegalArgumentException(
          "expected two to compare, such as full and runs/NAME, or one and --without EDGE; got "
              + sides);
    }
    try (Experiment experiment = Experiment.open(spec, listener)) {
      Units units = experiment.gated().units();
      GateSetting first = GateSetting.parse(sides.getFirst(), units);
      GateSetting last = GateSetting.parse(sides.getLast(), units);
      GateSetting second = without.isEmpty() ? last : last.without(without, units);
      List<TwinRollout> twins = sample(experiment, first, second, each, listener, reader);
      return of(first.name(), second.name(), twins, each);
    }
  }

  private static List<TwinRollout> sample(
      Experiment experiment,
      GateSetting first,
      GateSetting second,
      int each,
      DiscoveryListener listener,
      Consumer<TwinRollout> reader) {
    Transcripts one = Transcripts.withGumbelNoise(experiment, first, each);
    Transcripts other = Transcripts.withGumbelNoise(experiment, second, each);
    List<TwinRollout> twins = new ArrayList<>();
    int pairs = experiment.task().pairs().size();
    int together = Math.max(1, experiment.spec().attribution().batchRows() / each);
    for (int from = 0; from < pairs; from += together) {
      if (listener.stopRequested()) {
        throw new CancellationException("stopped as asked");
      }
      int to = Math.min(pairs, from + together);
      List<Transcripts.Entry> left = one.sample(from, to);
      List<Transcripts.Entry> right = other.sample(from, to);
      for (int i = 0; i < left.size(); i++) {
        TwinRollout twin = TwinRollout.of(experiment, i % each, left.get(i), right.get(i));
        twins.add(twin);
        reader.accept(twin);
      }
    }
    return twins;
  }

  /** What {@code each} twins of every prompt, one prompt after the other, add up to. */
  static Comparison of(String firstName, String secondName, List<TwinRollout> twins, int each) {
    double[] first = twins.stream().mapToDouble(TwinRollout::firstValue).toArray();
    double[] second = twins.stream().mapToDouble(TwinRollout::secondValue).toArray();
    double[] less = new double[first.length];
    for (int i = 0; i < less.length; i++) {
      less[i] = second[i] - first[i];
    }
    double apart = squares(first, each) + squares(second, each);
    return new Comparison(
        firstName,
        secondName,
        mean(first, each),
        mean(second, each),
        mean(less, each),
        each == 1 ? Double.NaN : apart / squares(less, each),
        List.copyOf(twins));
  }

  /**
   * The mean over prompts of their rollouts' means; a single prompt's rollouts count themselves.
   */
  private static Estimate mean(double[] values, int each) {
    int prompts = values.length / each;
    if (prompts == 1) {
      return Estimate.mean(values);
    }
    double[] means = new double[prompts];
    for (int i = 0; i < values.length; i++) {
      means[i / each] += values[i] / each;
    }
    return Estimate.mean(means);
  }

  /** Squared deviations from each prompt's mean, added up. */
  private static double squares(double[] values, int each) {
    double squares = 0;
    for (int from = 0; from < values.length; from += each) {
      double mean = 0;
      for (int i = from; i < from + each; i++) {
        mean += values[i] / each;
      }
      for (int i = from; i < from + each; i++) {
        squares += (values[i] - mean) * (values[i] - mean);
      }
    }
    return squares;
  }

  /** Share of rollouts that are the same to the end. */
  public double neverParted() {
    return twins.stream().filter(TwinRollout::neverParts).count() / (double) twins.size();
  }

  /** How many rollouts part at each step. */
  public SortedMap<Integer, Integer> partingSteps() {
    SortedMap<Integer, Integer> steps = new TreeMap<>();
    twins.stream()
        .filter(twin -> !twin.neverParts())
        .forEach(twin -> steps.merge(twin.partsAt(), 1, Integer::sum));
    return steps;
  }

  /** This as JSON, in one line. */
  public String json() {
    ObjectNode json = new JsonMapper().createObjectNode();
    json.put("first", firstName).put("second", secondName);
    ResultJson.put(json, "J_first", first);
    ResultJson.put(json, "J_second", second);
    ResultJson.put(json, "difference", difference);
    ResultJson.put(json, "variance_ratio", varianceRatio);
    ResultJson.put(json, "never_part", neverParted());
    ObjectNode steps = json.putObject("parting_steps");
    partingSteps().forEach((step, count) -> steps.put(step.toString(), count));
    ArrayNode rollouts = json.putArray("rollouts");
    twins.forEach(twin -> rollouts.add(twin.json()));
    return json.toString();
  }
}
