package dev.cotrace.format;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;

/**
 * A Hugging Face configuration file, {@code config.json} or {@code generation_config.json}: keys
 * and values as they are written, whatever the family. A key whose value is {@code null} counts as
 * absent, as transformers treats it.
 *
 * <p>Accessors without a fallback demand the key; all demand the asked kind of value, and answer
 * otherwise with a {@link MalformedModelException} that names file and key.
 */
public final class ModelConfig {
  private final Path file;
  private final String prefix;
  private final JsonNode object;

  private ModelConfig(Path file, String prefix, JsonNode object) {
    this.file = file;
    this.prefix = prefix;
    this.object = object;
  }

  /**
   * Reads a configuration file.
   *
   * @throws MalformedModelException when it is not one strict JSON object
   */
  public static ModelConfig read(Path file) throws IOException {
    return new ModelConfig(file, "", Json.object(file, 0, RegularFile.bytes(file)));
  }

  /**
   * Reads a configuration in YAML, as some tools keep theirs beside weights.
   *
   * @throws MalformedModelException when it is not one strict mapping
   */
  public static ModelConfig readYaml(Path file) throws IOException {
    String text = Json.utf8(file, 0, ByteBuffer.wrap(RegularFile.bytes(file)));
    try {
      return new ModelConfig(file, "", new StrictYaml().parse("the configuration", text));
    } catch (IllegalArgumentException e) {
      throw new MalformedModelException(file, 0, Json.excerpt(String.valueOf(e.getMessage())));
    }
  }

  /** A configuration that says nothing. */
  public static ModelConfig empty(Path file) {
    return new ModelConfig(file, "", JsonNodeFactory.instance.objectNode());
  }

  /** The file that was read. */
  public Path file() {
    return file;
  }

  /** Whether the key is there and not null. */
  public boolean has(String key) {
    return value(key) != null;
  }

  /** Whether there is no key at all. */
  public boolean isEmpty() {
    return object.isEmpty();
  }

  /** Whether the key is there and is null, where that says something else than its absence. */
  public boolean isNull(String key) {
    JsonNode value = object.get(key);
    return value != null && value.isNull();
  }

  /** Whether the key is there and is true or false, where it may be something else too. */
  public boolean isFlag(String key) {
    JsonNode value = value(key);
    return value != null && value.isBoolean();
  }

  public String string(String key) {
    return text(key, required(key, "a string"));
  }

  public String string(String key, String fallback) {
    JsonNode value = value(key);
    return value == null ? fallback : text(key, value);
  }

  public int integer(String key) {
    return whole(key, required(key, "an integer"));
  }

  public int integer(String key, int fallback) {
    JsonNode value = value(key);
    return value == null ? fallback : whole(key, value);
  }

  public double number(String key) {
    return real(key, required(key, "a number"));
  }

  public double number(String key, double fallback) {
    JsonNode value = value(key);
    return value == null ? fallback : real(key, value);
  }

  public boolean flag(String key, boolean fallback) {
    JsonNode value = value(key);
    if (value == null) {
      return fallback;
    }
    if (!value.isBoolean()) {
      throw unexpected(key, "true or false", value);
    }
    return value.booleanValue();
  }

  /** The integers under a key that may hold one, a list of them, or nothing. */
  public Set<Integer> integers(String key) {
    Set<Integer> integers = new LinkedHashSet<>();
    JsonNode value = value(key);
    if (value != null && value.isArray()) {
      value.forEach(item -> integers.add(whole(key, item)));
    } else if (value != null) {
      integers.add(whole(key, value));
    }
    return integers;
  }

  /** The strings of a list; none when there is no list. */
  public List<String> strings(String key) {
    JsonNode value = value(key);
    if (value == null) {
      return List.of();
    }
    if (!value.isArray()) {
      throw unexpected(key, "a list of strings", value);
    }
    List<String> strings = new ArrayList<>();
    value.forEach(item -> strings.add(text(key, item)));
    return strings;
  }

  /** The object under {@code key}, for example {@code rope_parameters}. */
  public Optional<ModelConfig> object(String key) {
    JsonNode value = value(key);
    if (value == null) {
      return Optional.empty();
    }
    if (!value.isObject()) {
      throw unexpected(key, "an object", value);
    }
    return Optional.of(new ModelConfig(file, prefix + key + ".", value));
  }

  private @Nullable JsonNode value(String key) {
    JsonNode value = object.get(key);
    return value == null || value.isNull() ? null : value;
  }

  private JsonNode required(String key, String expected) {
    JsonNode value = value(key);
    if (value == null) {
      throw unexpected(key, expected, null);
    }
    return value;
  }

  private String text(String key, JsonNode value) {
    if (!value.isString()) {
      throw unexpected(key, "a string", value);
    }
    return value.stringValue();
  }

  private int whole(String key, JsonNode value) {
    if (!value.isIntegralNumber() || !value.canConvertToInt()) {
      throw unexpected(key, "an integer below 2^31", value);
    }
    return value.intValue();
  }

  private double real(String key, JsonNode value) {
    // What no double holds comes as infinity, or as an integer of many digits.
    double number = value.isNumber() ? value.asDouble(Double.NaN) : Double.NaN;
    if (!Double.isFinite(number)) {
      throw unexpected(key, "a number", value);
    }
    return number;
  }

  private MalformedModelException unexpected(
      String key, String expected, @Nullable JsonNode value) {
    return new MalformedModelException(
        file,
        0,
        "expected %s under %s%s, got %s"
            .formatted(expected, prefix, key, value == null ? "nothing" : Json.excerpt(value)));
  }
}
