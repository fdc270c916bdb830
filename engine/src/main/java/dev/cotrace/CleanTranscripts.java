package dev.cotrace;

import dev.cotrace.report.Segment;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * What the clean model wrote in a run: the rollouts of J(1) in {@code rollouts.jsonl}, put into
 * bins again as the run put them.
 */
final class CleanTranscripts {
  /** The one segment of scores without bins. */
  static final String EVERYWHERE = "all positions";

  private static final int LONGEST_EXAMPLE = 80;

  private final LoggedRollouts rollouts;
  private final List<LoggedTranscript> all;

  private CleanTranscripts(LoggedRollouts rollouts, List<LoggedTranscript> all) {
    this.rollouts = rollouts;
    this.all = all;
  }

  /**
   * Reads them.
   *
   * @throws IllegalArgumentException when a line is not what a run writes
   */
  static CleanTranscripts read(Path file, DiscoverySpec spec) throws IOException {
    List<LoggedTranscript> all = new ArrayList<>();
    LoggedRollouts rollouts =
        LoggedRollouts.read(
            file,
            spec,
            line -> line.contains("\"purpose\":\"J(0) and J(1)\""),
            logged -> {
              if (logged.rollout().path("alpha").asDouble() == 1) {
                all.add(logged);
              }
            });
    return new CleanTranscripts(rollouts, all);
  }

  /** How many prompt pairs the run had. */
  int pairs() {
    return rollouts.pairs().size();
  }

  /** The clean prompt of the first pair; empty for a model over bare token ids. */
  String prompt() {
    return rollouts.pairs().values().stream()
        .findFirst()
        .map(pair -> String.join("", LoggedTranscript.strings(pair, "clean_tokens")))
        .orElse("");
  }

  /**
   * The bins called {@code names}, each with its text in the first transcript; one for all
   * positions where there are no names.
   */
  List<Segment> segments(List<String> names) {
    int count = Math.max(1, names.size());
    double[] sum = new double[count];
    int[] tokens = new int[count];
    StringBuilder[] examples = new StringBuilder[count];
    Arrays.setAll(examples, _ -> new StringBuilder());
    for (int i = 0; i < all.size(); i++) {
      int[] bins = rollouts.bins(all.get(i), names);
      add(all.get(i), bins, sum, tokens);
      if (i == 0) {
        add(all.get(i), bins, examples);
      }
    }
    return IntStream.range(0, count)
        .mapToObj(bin ->
            new Segment(
                names.isEmpty() ? EVERYWHERE : names.get(bin),
                shortened(examples[bin].toString()),
                Math.exp(sum[bin] / tokens[bin])))
        .toList();
  }

  /** Adds the text that is fed at each position to its bin; token ids alone have none. */
  private static void add(LoggedTranscript logged, int[] bins, StringBuilder[] texts) {
    for (int at = 0; at < bins.length && !logged.strings().isEmpty(); at++) {
      texts[bins[at]].append(logged.strings().get(at));
    }
  }

  /** Adds each token's log-probability to the bin of the position that predicts it. */
  private static void add(LoggedTranscript logged, int[] bins, double[] sum, int[] tokens) {
    int prompt = logged.transcript().pair().clean().length;
    double[] each = logged.numbers("log_probabilities");
    for (int step = 0; step < each.length; step++) {
      int bin = bins[prompt + step - 1];
      sum[bin] += each[step];
      tokens[bin]++;
    }
    int answer = logged.transcript().pair().answer().length;
    double ofAnswer = logged.rollout().path("answer_log_probability").asDouble(Double.NaN);
    for (int i = 0; !Double.isNaN(ofAnswer) && i < answer; i++) {
      int bin = bins[bins.length - answer + i];
      sum[bin] += ofAnswer / answer;
      tokens[bin]++;
    }
  }

  private static String shortened(String text) {
    String line = text.strip().replaceAll("\\s+", " ");
    int characters = line.codePointCount(0, line.length());
    return characters <= LONGEST_EXAMPLE
        ? line
        : line.substring(0, line.offsetByCodePoints(0, LONGEST_EXAMPLE)) + "…";
  }
}
