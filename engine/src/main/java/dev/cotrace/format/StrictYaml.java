package dev.cotrace.format;

import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.DatabindException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JacksonModule;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.MapperFeature;
import tools.jackson.databind.PropertyNamingStrategies;
import tools.jackson.databind.exc.InvalidFormatException;
import tools.jackson.databind.exc.MismatchedInputException;
import tools.jackson.databind.exc.UnrecognizedPropertyException;
import tools.jackson.databind.exc.ValueInstantiationException;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.dataformat.yaml.YAMLFactory;
import tools.jackson.dataformat.yaml.YAMLMapper;
import tools.jackson.dataformat.yaml.YAMLWriteFeature;

/**
 * YAML that means what it says: no duplicate keys, no unknown keys, no quiet conversion between
 * types. Keys are written {@code like-this}; a record's component {@code likeThis} answers to it.
 */
public final class StrictYaml {
  /** The value in Jackson's message on a text that is no number or truth value. */
  private static final Pattern VALUE = Pattern.compile("value \\(\"?(.*?)\"?\\)");

  private final YAMLMapper mapper;

  /** A reader and writer that knows how to convert what {@code modules} say. */
  public StrictYaml(JacksonModule... modules) {
    mapper =
        YAMLMapper.builder(
                YAMLFactory.builder()
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    .disable(YAMLWriteFeature.WRITE_DOC_START_MARKER)
                    .build())
            .propertyNamingStrategy(PropertyNamingStrategies.KEBAB_CASE)
            .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(DeserializationFeature.ACCEPT_SINGLE_VALUE_AS_ARRAY)
            .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
            .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
            .addModules(modules)
            .build();
  }

  /**
   * Parses {@code text}, which must be a mapping or empty.
   *
   * @param source names the text in errors
   */
  public ObjectNode parse(String source, String text) {
    JsonNode node;
    try {
      node = mapper.readTree(text);
    } catch (JacksonException e) {
      throw new IllegalArgumentException("%s: %s".formatted(where(source, e), reason(e)), e);
    }
    if (node.isMissingNode() || node.isNull()) {
      return mapper.createObjectNode();
    }
    if (node instanceof ObjectNode object) {
      return object;
    }
    throw new IllegalArgumentException(
        "%s: expected keys with values, such as 'max-new-tokens: 64', got %s"
            .formatted(source, node.isString() ? "a bare text" : "a list or number"));
  }

  /** Adds {@code values} to {@code node}, replacing what it has; nulls are left out. */
  public void put(ObjectNode node, Map<String, ? extends @Nullable Object> values) {
    values.forEach((key, value) -> {
      if (value != null) {
        node.set(key, mapper.valueToTree(value));
      }
    });
  }

  /**
   * Converts {@code node} to a record.
   *
   * @param source names the node in errors; may be empty
   */
  public <T> T convert(String source, ObjectNode node, Class<T> type) {
    try {
      return mapper.treeToValue(node, type);
    } catch (JacksonException e) {
      throw new IllegalArgumentException(
          source.isEmpty() ? reason(e) : "%s: %s".formatted(source, reason(e)), e);
    }
  }

  /** The keys and values of {@code value}, a record; nulls are left out. */
  public ObjectNode tree(Object value) {
    ObjectNode node = mapper.valueToTree(value);
    node.properties().removeIf(property -> property.getValue().isNull());
    return node;
  }

  /** {@code node} as YAML text. */
  public String text(ObjectNode node) {
    return mapper.writeValueAsString(node);
  }

  private static String where(String source, JacksonException e) {
    return e.getLocation() == null || e.getLocation().getLineNr() < 1
        ? source
        : "%s, line %d".formatted(source, e.getLocation().getLineNr());
  }

  /** One sentence, which calls a key what it is on the command line. */
  private static String reason(JacksonException e) {
    if (e instanceof UnrecognizedPropertyException unknown) {
      return "unknown key '%s'; the keys are %s"
          .formatted(
              unknown.getPropertyName(),
              unknown.getKnownPropertyIds() == null
                  ? "none"
                  : unknown.getKnownPropertyIds().stream()
                      .map(String::valueOf)
                      .sorted()
                      .collect(Collectors.joining(", ")));
    }
    if (e instanceof ValueInstantiationException && e.getCause() != null) {
      return String.valueOf(e.getCause().getMessage());
    }
    String key = key(e);
    return key.isEmpty() ? problem(e) : "--%s: %s".formatted(key, problem(e));
  }

  /** The key whose value is wrong. */
  private static String key(JacksonException e) {
    return e instanceof DatabindException databind && !databind.getPath().isEmpty()
        ? databind.getPath().stream()
            .map(JacksonException.Reference::getPropertyName)
            .filter(Objects::nonNull)
            .reduce("", (_, last) -> last)
        : "";
  }

  private static String problem(JacksonException e) {
    if (e.getCause() instanceof IllegalArgumentException cause && cause.getMessage() != null) {
      return cause.getMessage();
    }
    if (e instanceof InvalidFormatException format) {
      return "expected %s, got '%s'".formatted(kind(format.getTargetType()), format.getValue());
    }
    if (e instanceof MismatchedInputException mismatch) {
      Matcher value = VALUE.matcher(String.valueOf(e.getOriginalMessage()));
      String expected = "expected " + kind(mismatch.getTargetType());
      return value.find() ? expected + ", got '" + value.group(1) + "'" : expected;
    }
    return JsonProblem.of(e);
  }

  private static String kind(@Nullable Class<?> type) {
    if (type == null) {
      return "something else";
    }
    return switch (type.getSimpleName()) {
      case "int", "Integer", "long", "Long" -> "a whole number";
      case "double", "Double" -> "a number";
      case "boolean", "Boolean" -> "true or false";
      case "String" -> "a text";
      case "List" -> "a list";
      default -> "a " + type.getSimpleName();
    };
  }
}
