package dev.cotrace;

import dev.cotrace.format.JsonProblem;
import dev.cotrace.report.Rounded;
import dev.cotrace.rollout.Binning;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Transcripts for a page to show: of every pair a few of the clean model, of the corrupted one, of
 * the circuit, and of gates between, while there is room.
 *
 * <p>{@code tokens} are the distinct texts; lists of tokens are indices into it. Numbers by step
 * and by position are those of {@code rollouts.jsonl}.
 */
final class ShownTranscripts {
  /** Tokens of all transcripts together. */
  private static final int MOST_TOKENS = 60_000;

  /** Transcripts of a pair and a kind. */
  private static final int EACH = 2;

  private final List<String> bins;
  private final List<LoggedTranscript> chosen = new ArrayList<>();
  private final Map<String, Integer> taken = new HashMap<>();
  private final Map<String, Integer> tokens = new LinkedHashMap<>();
  private long length;
  private int all;

  private ShownTranscripts(List<String> bins) {
    this.bins = bins;
  }

  /**
   * Puts {@code transcripts} into {@code data}.
   *
   * @param bins names of the bins of the run's scores; none where it did not resolve time
   */
  static void put(ObjectNode data, Path file, DiscoverySpec spec, List<String> bins)
      throws IOException {
    ShownTranscripts shown = new ShownTranscripts(bins);
    LoggedRollouts rollouts = LoggedRollouts.read(file, spec, _ -> true, shown::offer);
    try {
      shown.put(data.putObject("transcripts"), rollouts);
    } catch (JacksonException e) {
      throw new IllegalArgumentException(
          "%s is not what a run writes: %s".formatted(file, JsonProblem.of(e)), e);
    }
  }

  private void offer(LoggedTranscript logged) {
    all++;
    String kind = kind(logged.rollout());
    int quarter = (int) Math.min(3, 4 * logged.rollout().path("alpha").asDouble(0));
    int number =
        taken.merge(logged.pair().path("pair").asString() + " " + kind + quarter, 1, Integer::sum);
    boolean wanted = number <= (kind.equals("gradient") ? 1 : EACH) && !kind.isEmpty();
    int own = logged.transcript().clean().length;
    if (wanted && length + own <= MOST_TOKENS) {
      length += own;
      chosen.add(logged);
    }
  }

  /** Where a rollout was drawn; empty for those that a page leaves out. */
  private static String kind(JsonNode rollout) {
    String purpose = rollout.path("purpose").asString("");
    if (purpose.startsWith("gradients")) {
      return "gradient";
    }
    if (purpose.startsWith("circuit")) {
      return "circuit";
    }
    return !purpose.equals("J(0) and J(1)")
        ? ""
        : rollout.path("alpha").asDouble() == 1 ? "clean" : "corrupted";
  }

  private void put(ObjectNode json, LoggedRollouts rollouts) {
    json.put("of", all);
    ArrayNode pairs = json.putArray("pairs");
    rollouts.pairs().forEach((id, pair) -> put(pairs.addObject().put("id", id), pair));
    List<String> ids = List.copyOf(rollouts.pairs().keySet());
    ArrayNode list = json.putArray("rollouts");
    for (LoggedTranscript logged : chosen) {
      int pair = ids.indexOf(logged.pair().path("pair").asString());
      put(list.addObject().put("pair", pair), logged, rollouts);
    }
    ArrayNode texts = json.putArray("tokens");
    tokens.keySet().forEach(texts::add);
  }

  private void put(ObjectNode json, JsonNode pair) {
    for (String part : List.of("clean", "corrupted", "answer_prefix", "answer", "wrong")) {
      put(json.putArray(part), pair, part);
    }
  }

  private void put(ArrayNode list, JsonNode line, String part) {
    List<String> strings = LoggedTranscript.strings(line, part + "_tokens");
    int[] ids = LoggedTranscript.ids(line, part + "_ids");
    for (int i = 0; i < ids.length; i++) {
      String text = strings.isEmpty() ? "[%d]".formatted(ids[i]) : strings.get(i);
      tokens.putIfAbsent(text, tokens.size());
      list.add(tokens.get(text));
    }
  }

  private void put(ObjectNode json, LoggedTranscript logged, LoggedRollouts rollouts) {
    JsonNode rollout = logged.rollout();
    json.put("kind", kind(rollout))
        .put("repeat", rollout.path("repeat").asInt())
        .put("rollout", rollout.path("rollout").asInt())
        .put("finish", rollout.path("finish").asString(""));
    for (String name : List.of("alpha", "value", "weight", "answer_log_probability", "outcomes")) {
      if (rollout.has(name)) {
        json.set(name, rollout.get(name));
      }
    }
    put(json.putArray("sampled"), rollout, "sampled");
    for (String name :
        List.of("log_probabilities", "kl", "advantage", "mass_direct", "mass_through_cot")) {
      if (rollout.has(name)) {
        Rounded.add(json.putArray(name), logged.numbers(name));
      }
    }
    if (!bins.isEmpty()) {
      Arrays.stream(rollouts.bins(logged, bins)).forEach(json.putArray("bins")::add);
    }
    if (!logged.strings().isEmpty()) {
      int[] sentences = rollouts.bins(new Binning.Sentence(), logged).of(logged.transcript());
      Arrays.stream(sentences).forEach(json.putArray("sentences")::add);
    }
  }
}
