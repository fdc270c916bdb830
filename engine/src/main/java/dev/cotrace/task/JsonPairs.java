package dev.cotrace.task;

import dev.cotrace.task.Words.Message;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** Reads rows of our own form: {@code clean}, {@code corrupted}, {@code answer}, {@code wrong}. */
final class JsonPairs {
  private static final Set<String> KEYS =
      Set.of(
          "id",
          "clean",
          "corrupted",
          "answer",
          "wrong",
          "clean_ids",
          "corrupted_ids",
          "answer_ids",
          "wrong_ids",
          "align");

  private final Row row;
  private final JsonNode object;

  private JsonPairs(Row row) {
    this.row = row;
    object = row.fields();
  }

  /** The pair of {@code row}, named {@code number} if it has no id. */
  static TaskPair pair(Row row, int number) {
    return new JsonPairs(row).pair(number);
  }

  private TaskPair pair(int number) {
    for (String key : object.propertyNames()) {
      if (!KEYS.contains(key)) {
        throw broken(
            "unknown key '%s'; the keys are %s"
                .formatted(key, String.join(", ", new TreeSet<>(KEYS))));
      }
    }
    Words clean = required("clean");
    @Nullable Words corrupted = words("corrupted");
    if (corrupted != null && clean instanceof Words.Ids != corrupted instanceof Words.Ids) {
      throw broken("clean and corrupted must both be words or both be token ids");
    }
    return new TaskPair(
        row.where(), id(number), clean, corrupted, answer("answer"), answer("wrong"), align());
  }

  private List<Integer> align() {
    JsonNode list = object.path("align");
    return list.isMissingNode()
        ? List.of()
        : Arrays.stream(numbers("align", list, "position")).boxed().toList();
  }

  private String id(int number) {
    JsonNode id = object.path("id");
    if (id.isMissingNode()) {
      return String.valueOf(number);
    }
    if (!id.isString() && !id.isIntegralNumber()) {
      throw broken("id must be a text or a whole number, got " + Row.kind(id));
    }
    return id.asString();
  }

  private Words required(String key) {
    Words words = words(key);
    if (words == null) {
      throw broken("the pair has neither %s nor %s_ids".formatted(key, key));
    }
    return words;
  }

  private @Nullable Words answer(String key) {
    Words words = words(key);
    if (words instanceof Words.Chat) {
      throw broken(key + " must be a text, got a list; for token ids use " + key + "_ids");
    }
    return words;
  }

  private @Nullable Words words(String key) {
    JsonNode words = object.path(key);
    JsonNode ids = object.path(key + "_ids");
    if (!words.isMissingNode() && !ids.isMissingNode()) {
      throw broken("the pair has both %s and %s_ids; leave one out".formatted(key, key));
    }
    if (!ids.isMissingNode()) {
      return ids(key + "_ids", ids);
    }
    return switch (words.getNodeType()) {
      case MISSING -> null;
      case STRING -> new Words.Text(words.stringValue());
      case ARRAY -> chat(key, words);
      default ->
          throw broken(
              "%s must be a text or a list of messages, got %s".formatted(key, Row.kind(words)));
    };
  }

  private Words chat(String key, JsonNode list) {
    List<Message> messages = new ArrayList<>();
    for (JsonNode message : list) {
      JsonNode role = message.path("role");
      JsonNode content = message.path("content");
      if (message.size() != 2 || !role.isString() || !content.isString()) {
        throw broken(
            "%s, message %d: expected {\"role\": …, \"content\": …} with two texts, got %s"
                .formatted(key, messages.size() + 1, Row.kind(message)));
      }
      messages.add(new Message(role.stringValue(), content.stringValue()));
    }
    if (messages.isEmpty()) {
      throw broken(key + " must be a text or a list of messages, got an empty list");
    }
    return new Words.Chat(messages);
  }

  private Words ids(String key, JsonNode list) {
    return new Words.Ids(numbers(key, list, "token id"));
  }

  private int[] numbers(String key, JsonNode list, String what) {
    if (!list.isArray() || list.isEmpty()) {
      throw broken(
          "%s must be a list of %ss, at least one, got %s".formatted(key, what, Row.kind(list)));
    }
    int[] ids = new int[list.size()];
    for (int i = 0; i < ids.length; i++) {
      JsonNode id = list.get(i);
      if (!id.isIntegralNumber() || !id.canConvertToInt() || id.intValue() < 0) {
        throw broken(
            "%s: a %s must be a whole number from 0, got %s at place %d"
                .formatted(key, what, Row.kind(id), i + 1));
      }
      ids[i] = id.intValue();
    }
    return ids;
  }

  private IllegalArgumentException broken(String reason) {
    return row.broken(reason);
  }
}
