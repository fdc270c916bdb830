package dev.cotrace;

import dev.cotrace.rollout.PromptPair;
import dev.cotrace.rollout.Rollout;
import dev.cotrace.rollout.Transcript;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;

/**
 * A rollout of {@code rollouts.jsonl} with the pair it is of.
 *
 * @param pair the pair's line
 * @param rollout the rollout's line
 * @param transcript what was fed on the clean side
 * @param strings of the tokens that are fed and of the answer's last one; none for a model over
 *     bare token ids
 */
record LoggedTranscript(
    JsonNode pair, JsonNode rollout, Transcript transcript, List<String> strings) {
  /**
   * Puts both lines together.
   *
   * @throws IllegalArgumentException when their lists are not as long as the tokens ask for
   */
  static LoggedTranscript of(JsonNode pair, JsonNode rollout) {
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
    LoggedTranscript logged = new LoggedTranscript(pair, rollout, transcript, strings);
    if (logged.numbers("log_probabilities").length != sampled.length
        || (!strings.isEmpty() && strings.size() < transcript.clean().length)) {
      throw new IllegalArgumentException(
          "its lists are not as long as its %d tokens ask for".formatted(sampled.length));
    }
    return logged;
  }

  /** The clean side of a pair. */
  static PromptPair pair(JsonNode pair) {
    return new PromptPair(
        pair.path("pair").asString(),
        ids(pair, "clean_ids"),
        new int[0],
        ids(pair, "answer_ids"),
        new int[0]);
  }

  /** Numbers of the rollout by step or position; none where the run has none of that name. */
  double[] numbers(String name) {
    return rollout.path(name).valueStream().mapToDouble(JsonNode::asDouble).toArray();
  }

  static int[] ids(JsonNode line, String name) {
    return line.path(name).valueStream().mapToInt(JsonNode::asInt).toArray();
  }

  static List<String> strings(JsonNode line, String name) {
    return line.path(name).valueStream().map(JsonNode::asString).toList();
  }
}
