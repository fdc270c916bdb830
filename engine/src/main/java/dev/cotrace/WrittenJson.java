package dev.cotrace;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import tools.jackson.databind.JsonNode;

/**
 * JSON of a file that Cotrace wrote: before anything is shown of it, what will be is required to be
 * there.
 *
 * @param file where it is from
 * @param at where in the file, as a JSON pointer; empty for all of it
 * @param json what is there
 */
record WrittenJson(Path file, String at, JsonNode json) {
  /** All of {@code file}. */
  static WrittenJson of(Path file, JsonNode json) {
    return new WrittenJson(file, "", json);
  }

  /** Requires a number at each of {@code pointers}. */
  WrittenJson numbers(String... pointers) {
    return require("a number", JsonNode::isNumber, pointers);
  }

  /** Requires a text at each of {@code pointers}. */
  WrittenJson texts(String... pointers) {
    return require("a text", JsonNode::isString, pointers);
  }

  /** Requires, at each of {@code pointers}, what {@link ResultJson#put} puts. */
  WrittenJson estimates(String... pointers) {
    return require("a value with its stderr", WrittenJson::isEstimate, pointers);
  }

  /** The elements of the list at {@code pointer}, which is required. */
  List<WrittenJson> each(String pointer) {
    require("a list", JsonNode::isArray, pointer);
    List<WrittenJson> elements = new ArrayList<>();
    for (JsonNode element : json.at(pointer)) {
      String place = "%s%s/%d".formatted(at, pointer, elements.size());
      elements.add(new WrittenJson(file, place, element));
    }
    return elements;
  }

  /** What is at {@code pointer}, if anything is. */
  Optional<WrittenJson> optional(String pointer) {
    JsonNode found = json.at(pointer);
    return found.isMissingNode()
        ? Optional.empty()
        : Optional.of(new WrittenJson(file, at + pointer, found));
  }

  private WrittenJson require(String what, Predicate<JsonNode> kind, String... pointers) {
    for (String pointer : pointers) {
      JsonNode found = json.at(pointer);
      if (!kind.test(found)) {
        throw new IllegalArgumentException(
            "%s: expected %s at %s%s, got %s; the file is damaged, or not one that Cotrace wrote"
                .formatted(file, what, at, pointer, name(found)));
      }
    }
    return this;
  }

  private static boolean isEstimate(JsonNode node) {
    return isNumberOrNull(node.path("value")) && isNumberOrNull(node.path("stderr"));
  }

  private static boolean isNumberOrNull(JsonNode node) {
    return node.isNumber() || node.isNull();
  }

  private static String name(JsonNode found) {
    return switch (found.getNodeType()) {
      case MISSING -> "nothing";
      case OBJECT -> "an object";
      case ARRAY -> "a list";
      case STRING -> "a text";
      case NUMBER -> "a number";
      default -> found.toString();
    };
  }
}
