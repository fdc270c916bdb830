package dev.cotrace;

import dev.cotrace.report.Segment;
import dev.cotrace.rollout.Bins;
import dev.cotrace.rollout.Outcomes;
import dev.cotrace.rollout.PromptPair;
import dev.cotrace.rollout.Rollout;
import dev.cotrace.rollout.Sampling;
import dev.cotrace.rollout.StopRule;
import dev.cotrace.rollout.Task;
import dev.cotrace.rollout.TokenStrings;
import dev.cotrace.rollout.Transcript;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * What the clean model wrote in a run: the rollouts of J(1) in {@code rollouts.jsonl}, put into
 * bins again as the run put them.
 */
final class CleanTranscripts {
  /** The one segment of scores without bins. */
  static final String EVERYWHERE = "all positions";

  private static final int LONGEST_EXAMPLE = 80;
  private static final JsonMapper JSON = new JsonMapper();

  private final DiscoverySpec spec;
  private final Map<String, JsonNode> pairs = new LinkedHashMap<>();
  private final List<Written> all = new ArrayList<>();

  /**
   * One transcript.
   *
   * @param strings of the tokens that are fed and of the answer's last one; none for a model over
   *     bare token ids
   * @param logProbabilities of the sampled tokens, in nats
   * @param answerLogProbability of all tokens of the answer; NaN where it was not asked for
   */
  private record Written(
      Transcript transcript,
      List<String> strings,
      double[] logProbabilities,
      double answerLogProbability) {}

  private CleanTranscripts(DiscoverySpec spec) {
    this.spec = spec;
  }

  /**
   * Reads them.
   *
   * @throws IllegalArgumentException when a line is not what a run writes
   */
  static CleanTranscripts read(Path file, DiscoverySpec spec) throws IOException {
    CleanTranscripts read = new CleanTranscripts(spec);
    try (BufferedReader lines = Files.newBufferedReader(file)) {
      int number = 0;
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        number++;
        try {
          read.add(line);
        } catch (JacksonException | IllegalArgumentException e) {
          throw new IllegalArgumentException(
              "%s, line %d is not what a run writes: %s".formatted(file, number, e.getMessage()),
              e);
        }
      }
    }
    return read;
  }

  /** Most lines are of rollouts whose gradient was taken: they are long, and none of these. */
  private void add(String line) {
    if (line.startsWith("{\"kind\":\"pair\"")) {
      JsonNode pair = JSON.readTree(line);
      pairs.put(pair.path("pair").asString(), pair);
    } else if (line.contains("\"purpose\":\"J(0) and J(1)\"")) {
      JsonNode rollout = JSON.readTree(line);
      if (rollout.path("alpha").asDouble() == 1) {
        all.add(written(rollout));
      }
    }
  }

  private Written written(JsonNode rollout) {
    JsonNode pair = pairs.get(rollout.path("pair").asString());
    if (pair == null) {
      throw new IllegalArgumentException("its pair is not listed before it");
    }
    int[] sampled = ids(rollout, "sampled_ids");
    boolean ended = rollout.path("finish").asString("").equals("end-token");
    Rollout.Finish finish = ended ? Rollout.Finish.END_TOKEN : Rollout.Finish.BUDGET;
    Transcript transcript =
        new Transcript(pair(pair), new Rollout(sampled, finish), ids(pair, "answer_prefix_ids"));
    List<String> strings = new ArrayList<>(strings(pair, "clean_tokens"));
    strings.addAll(
        strings(rollout, "sampled_tokens").stream()
            .limit(transcript.rollout().thoughtLength())
            .toList());
    strings.addAll(strings(pair, "answer_prefix_tokens"));
    strings.addAll(strings(pair, "answer_tokens"));
    double[] each =
        rollout.path("log_probabilities").valueStream().mapToDouble(JsonNode::asDouble).toArray();
    if (each.length != sampled.length
        || (!strings.isEmpty() && strings.size() < transcript.clean().length)) {
      throw new IllegalArgumentException(
          "its lists are not as long as its %d tokens ask for".formatted(sampled.length));
    }
    return new Written(
        transcript, strings, each, rollout.path("answer_log_probability").asDouble(Double.NaN));
  }

  /** How many prompt pairs the run had. */
  int pairs() {
    return pairs.size();
  }

  /** The clean prompt of the first pair; empty for a model over bare token ids. */
  String prompt() {
    return pairs.values().stream()
        .findFirst()
        .map(pair -> String.join("", strings(pair, "clean_tokens")))
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
    Task task = task();
    for (int i = 0; i < all.size(); i++) {
      int[] bins = bins(all.get(i), names, task);
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
  private static void add(Written written, int[] bins, StringBuilder[] texts) {
    for (int at = 0; at < bins.length && !written.strings.isEmpty(); at++) {
      texts[bins[at]].append(written.strings.get(at));
    }
  }

  /** Adds each token's log-probability to the bin of the position that predicts it. */
  private static void add(Written written, int[] bins, double[] sum, int[] tokens) {
    int prompt = written.transcript.pair().clean().length;
    for (int step = 0; step < written.logProbabilities.length; step++) {
      int bin = bins[prompt + step - 1];
      sum[bin] += written.logProbabilities[step];
      tokens[bin]++;
    }
    int answer = written.transcript.pair().answer().length;
    for (int i = 0; !Double.isNaN(written.answerLogProbability) && i < answer; i++) {
      int bin = bins[bins.length - answer + i];
      sum[bin] += written.answerLogProbability / answer;
      tokens[bin]++;
    }
  }

  /** The bin of each position that is fed. */
  private int[] bins(Written written, List<String> names, Task task) {
    Transcript transcript = written.transcript;
    if (names.isEmpty()) {
      return new int[transcript.clean().length];
    }
    int prompt = transcript.pair().clean().length;
    // The chain of thought alone is asked for.
    TokenStrings text = ids -> written.strings.subList(prompt, prompt + ids.length);
    Bins bins = spec.bins().of(task, text);
    if (!bins.names().equals(names)) {
      throw new IllegalArgumentException(
          "the bins of the scores are not those of --bins %s in spec.yaml: are both files of one run?"
              .formatted(spec.bins()));
    }
    return bins.of(transcript);
  }

  private Task task() {
    return new Task(
        pairs.values().stream().map(CleanTranscripts::pair).toList(),
        new Sampling(1, spec.sampling().maxNewTokens(), Set.of(), StopRule.NEVER, new int[0]),
        Outcomes.NONE);
  }

  private static String shortened(String text) {
    String line = text.strip().replaceAll("\\s+", " ");
    int characters = line.codePointCount(0, line.length());
    return characters <= LONGEST_EXAMPLE
        ? line
        : line.substring(0, line.offsetByCodePoints(0, LONGEST_EXAMPLE)) + "…";
  }

  private static PromptPair pair(JsonNode pair) {
    return new PromptPair(
        pair.path("pair").asString(),
        ids(pair, "clean_ids"),
        new int[0],
        ids(pair, "answer_ids"),
        new int[0]);
  }

  private static int[] ids(JsonNode line, String name) {
    return line.path(name).valueStream().mapToInt(JsonNode::asInt).toArray();
  }

  private static List<String> strings(JsonNode line, String name) {
    return line.path(name).valueStream().map(JsonNode::asString).toList();
  }
}
