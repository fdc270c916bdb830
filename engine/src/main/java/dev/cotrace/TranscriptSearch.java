package dev.cotrace;

import dev.cotrace.StoredTranscript.Origin;
import dev.cotrace.StoredTranscript.Token;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Looks for one transcript in {@code rollouts.jsonl}; reads no further than it must. */
final class TranscriptSearch {
  private static final JsonMapper JSON = new JsonMapper();

  /** Names of pairs in an error. */
  private static final int NAMES = 10;

  private final StoredTranscript.Choice choice;
  private final String pairKey;
  private final Map<String, String> pairs = new LinkedHashMap<>();
  private int seen;
  private double largest = -1;
  private @Nullable StoredTranscript found;

  private TranscriptSearch(StoredTranscript.Choice choice) {
    this.choice = choice;
    pairKey = choice.pair() == null ? "" : "\"pair\":" + JSON.writeValueAsString(choice.pair());
  }

  /**
   * The transcript that is asked for; empty where the run lists none with that measure.
   *
   * @throws IllegalArgumentException when there is no such pair, or there are fewer
   */
  static Optional<StoredTranscript> find(Path run, StoredTranscript.Choice choice)
      throws IOException {
    TranscriptSearch search = new TranscriptSearch(choice);
    RolloutLines.each(StoredRun.file(run, "rollouts.jsonl"), search::goesOn);
    if (choice.pair() != null && !search.pairs.containsKey(choice.pair())) {
      throw new IllegalArgumentException(
          "the run has no pair '%s'; it has %s".formatted(choice.pair(), search.names()));
    }
    if (search.found == null && search.seen > 0) {
      throw new IllegalArgumentException(
          "there is no transcript %d: the run lists %d with %s%s"
              .formatted(
                  choice.number(),
                  search.seen,
                  choice.measure().key(),
                  choice.pair() == null ? "" : " of pair " + choice.pair()));
    }
    return Optional.ofNullable(search.found);
  }

  private String names() {
    int more = pairs.size() - NAMES;
    String names = String.join(", ", pairs.keySet().stream().limit(NAMES).toList());
    return more > 0 ? "%s and %d more".formatted(names, more) : names;
  }

  /** Pairs are listed before their rollouts. */
  private boolean goesOn(String line) {
    if (RolloutLines.isPair(line)) {
      pairs.put(JSON.readTree(line).path("pair").asString(), line);
      return true;
    }
    if (!RolloutLines.has(line, choice.measure().key()) || !line.contains(pairKey)) {
      return true;
    }
    seen++;
    if (choice.number() == 0) {
      keepLarger(JSON.readTree(line));
    } else if (seen == choice.number()) {
      found = transcript(JSON.readTree(line));
    }
    return choice.number() == 0 || found == null;
  }

  private void keepLarger(JsonNode rollout) {
    double sum =
        choice.measure().values(rollout, choice.part()).stream()
            .mapToDouble(Math::abs)
            .filter(Double::isFinite)
            .sum();
    if (sum > largest) {
      largest = sum;
      found = transcript(rollout);
    }
  }

  private StoredTranscript transcript(JsonNode rollout) {
    String pair = rollout.path("pair").asString();
    String line = pairs.get(pair);
    if (line == null) {
      throw new IllegalArgumentException("its pair is not listed before it");
    }
    return new StoredTranscript(
        seen,
        pair,
        rollout.path("purpose").asString(""),
        rollout.path("alpha").asDouble(Double.NaN),
        rollout.path("finish").asString(""),
        rollout.path("value").asDouble(Double.NaN),
        choice.measure(),
        choice.part(),
        tokens(JSON.readTree(line), rollout));
  }

  /** The tokens in their order; those of the prompt and the answer have numbers by position. */
  private List<Token> tokens(JsonNode pair, JsonNode rollout) {
    Iterator<Double> values = choice.measure().values(rollout, choice.part()).iterator();
    boolean byPosition = choice.measure().isByPosition();
    Iterator<Double> others = byPosition ? values : Collections.emptyIterator();
    List<String> sampled = strings(rollout, "sampled");
    // An end token is sampled, but not fed.
    boolean ended = byPosition && rollout.path("finish").asString("").equals("end-token");
    int fed = sampled.size() - (ended ? 1 : 0);
    List<Token> tokens = new ArrayList<>();
    add(tokens, Origin.PROMPT, strings(pair, "clean"), others);
    add(tokens, Origin.SAMPLED, sampled.subList(0, fed), values);
    boolean enough = fed == 0 || !Double.isNaN(tokens.getLast().value());
    add(tokens, Origin.SAMPLED, sampled.subList(fed, sampled.size()), Collections.emptyIterator());
    add(tokens, Origin.ANSWER, strings(pair, "answer_prefix"), others);
    add(tokens, Origin.ANSWER, strings(pair, "answer"), others);
    if (!enough || values.hasNext()) {
      throw new IllegalArgumentException(
          "its %s are not as many as its %d tokens ask for"
              .formatted(choice.measure().key(), tokens.size()));
    }
    return tokens;
  }

  /** The last ones have no number where there are fewer. */
  private static void add(
      List<Token> tokens, Origin origin, List<String> texts, Iterator<Double> values) {
    for (String text : texts) {
      tokens.add(new Token(text, origin, values.hasNext() ? values.next() : Double.NaN));
    }
  }

  /** The strings of tokens, or their ids where the model has no tokenizer. */
  private static List<String> strings(JsonNode line, String name) {
    return LoggedTranscript.strings(line, name + (line.has(name + "_tokens") ? "_tokens" : "_ids"));
  }
}
