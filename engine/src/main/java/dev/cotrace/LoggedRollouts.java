package dev.cotrace;

import dev.cotrace.rollout.Binning;
import dev.cotrace.rollout.Bins;
import dev.cotrace.rollout.Outcomes;
import dev.cotrace.rollout.Sampling;
import dev.cotrace.rollout.StopRule;
import dev.cotrace.rollout.Task;
import dev.cotrace.rollout.TokenStrings;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Predicate;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * {@code rollouts.jsonl} of a run, read line by line: all pairs, and the rollouts that are asked
 * for.
 */
final class LoggedRollouts {
  private static final JsonMapper JSON = new JsonMapper();

  private final DiscoverySpec spec;
  private final Map<String, JsonNode> pairs = new LinkedHashMap<>();

  private LoggedRollouts(DiscoverySpec spec) {
    this.spec = spec;
  }

  /**
   * Reads {@code file}.
   *
   * @param wanted lines of rollouts that are worth reading; most are long
   * @param reader of these
   * @throws IllegalArgumentException when a line is not what a run writes
   */
  static LoggedRollouts read(
      Path file, DiscoverySpec spec, Predicate<String> wanted, Consumer<LoggedTranscript> reader)
      throws IOException {
    LoggedRollouts read = new LoggedRollouts(spec);
    RolloutLines.each(
        file,
        line -> {
          read.add(line, wanted, reader);
          return true;
        });
    return read;
  }

  private void add(String line, Predicate<String> wanted, Consumer<LoggedTranscript> reader) {
    if (RolloutLines.isPair(line)) {
      JsonNode pair = JSON.readTree(line);
      pairs.put(pair.path("pair").asString(), pair);
    } else if (wanted.test(line)) {
      JsonNode rollout = JSON.readTree(line);
      JsonNode pair = pairs.get(rollout.path("pair").asString());
      if (pair == null) {
        throw new IllegalArgumentException("its pair is not listed before it");
      }
      reader.accept(LoggedTranscript.of(pair, rollout));
    }
  }

  /** The pairs by their ids, as their lines say them. */
  Map<String, JsonNode> pairs() {
    return pairs;
  }

  /**
   * The bin of each position that is fed, put there as the run did.
   *
   * @param names the bins of the run's scores; none where it did not resolve time
   * @throws IllegalArgumentException when the specification's bins are others
   */
  int[] bins(LoggedTranscript logged, List<String> names) {
    if (names.isEmpty()) {
      return new int[logged.transcript().clean().length];
    }
    Bins bins = bins(spec.bins(), logged);
    if (!bins.names().equals(names)) {
      throw new IllegalArgumentException(
          "the bins of the scores are not those of --bins %s in spec.yaml: are both files of one run?"
              .formatted(spec.bins()));
    }
    return bins.of(logged.transcript());
  }

  /** The bins of {@code binning}, for this transcript alone. */
  Bins bins(Binning binning, LoggedTranscript logged) {
    int prompt = logged.transcript().pair().clean().length;
    // The chain of thought alone is asked for.
    TokenStrings text = ids -> logged.strings().subList(prompt, prompt + ids.length);
    return binning.of(task(), text);
  }

  private Task task() {
    return new Task(
        pairs.values().stream().map(LoggedTranscript::pair).toList(),
        new Sampling(1, spec.sampling().maxNewTokens(), Set.of(), StopRule.NEVER, new int[0]),
        Outcomes.NONE);
  }
}
