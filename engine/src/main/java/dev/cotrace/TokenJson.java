package dev.cotrace;

import dev.cotrace.rollout.PromptPair;
import dev.cotrace.task.TokenText;
import java.util.Arrays;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Tokens as JSON: lists {@code …_ids} are token ids; beside each stands the same list as strings,
 * unless the model has no tokenizer.
 */
record TokenJson(TokenText text) {
  private static final JsonMapper JSON = new JsonMapper();

  /** A pair as it is fed, with the {@code prefix} of its answer. */
  ObjectNode pair(PromptPair pair, int[] prefix) {
    ObjectNode json = JSON.createObjectNode().put("kind", "pair").put("pair", pair.id());
    put(json, "clean", pair.clean());
    put(json, "corrupted", pair.corrupted());
    if (pair.alignment().length > 0) {
      Arrays.stream(pair.alignment()).forEach(json.putArray("align")::add);
    }
    put(json, "answer_prefix", prefix);
    put(json, "answer", pair.answer());
    put(json, "wrong", pair.wrong());
    return json;
  }

  void put(ObjectNode json, String name, int[] ids) {
    ArrayNode list = json.putArray(name + "_ids");
    for (int id : ids) {
      list.add(id);
    }
    if (text.codec() != null) {
      text.strings(ids).forEach(json.putArray(name + "_tokens")::add);
    }
  }
}
