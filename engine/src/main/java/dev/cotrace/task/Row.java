package dev.cotrace.task;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/**
 * One row of a data file, whatever the file's format.
 *
 * @param where file and line or row, for errors
 * @param fields an object
 */
record Row(String where, JsonNode fields) {
  /** Takes rows one by one. */
  @FunctionalInterface
  interface Sink {
    /** Takes {@code row} and says whether there should be another. */
    boolean accept(Row row);
  }

  Row {
    if (!fields.isObject()) {
      throw new IllegalArgumentException(
          "%s: expected one JSON object, such as {\"clean\": …, \"corrupted\": …}, got %s"
              .formatted(where, kind(fields)));
    }
  }

  /** Whether there is a field {@code key} that is not null. */
  boolean has(String key) {
    return !fields.path(key).isMissingNode() && !fields.path(key).isNull();
  }

  /** Whether all of {@code keys} are there. */
  boolean hasAll(String... keys) {
    return List.of(keys).stream().allMatch(this::has);
  }

  /** The struct {@code key}. */
  Row part(String key) {
    JsonNode part = fields.path(key);
    if (!part.isObject()) {
      throw broken("%s must be an object, got %s".formatted(key, kind(part)));
    }
    return new Row("%s, %s".formatted(where, key), part);
  }

  /** The text {@code key}. */
  String text(String key) {
    JsonNode text = fields.path(key);
    if (!text.isString()) {
      throw broken("%s must be a text, got %s".formatted(key, kind(text)));
    }
    return text.stringValue();
  }

  /** The text {@code key}, if it is there. */
  Optional<String> textIfAny(String key) {
    return has(key) ? Optional.of(text(key)) : Optional.empty();
  }

  /** A text or whole number as text. */
  String label(String key) {
    return label(key, fields.path(key));
  }

  private String label(String key, JsonNode label) {
    if (!label.isString() && !label.isIntegralNumber()) {
      throw broken("%s must be a text or a whole number, got %s".formatted(key, kind(label)));
    }
    return label.asString();
  }

  /** The list {@code key} of texts or whole numbers, as texts. */
  List<String> labels(String key) {
    JsonNode list = fields.path(key);
    if (!list.isArray()) {
      throw broken("%s must be a list, got %s".formatted(key, kind(list)));
    }
    List<String> labels = new ArrayList<>();
    list.forEach(label -> labels.add(label(key, label)));
    return labels;
  }

  /** What a value is, for errors. */
  static String kind(JsonNode node) {
    return switch (node.getNodeType()) {
      case MISSING -> "nothing";
      case NULL -> "null";
      case OBJECT -> "an object with the keys " + shortened(node.propertyNames().toString());
      case ARRAY -> node.isEmpty() ? "an empty list" : "a list";
      case STRING -> "the text '%s'".formatted(shortened(node.stringValue()));
      default -> shortened(node.toString());
    };
  }

  private static String shortened(String text) {
    return text.length() > 40 ? text.substring(0, 40) + "…" : text;
  }

  IllegalArgumentException broken(String reason) {
    return new IllegalArgumentException(where + ": " + reason);
  }
}
