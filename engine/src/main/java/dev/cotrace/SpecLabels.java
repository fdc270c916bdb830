package dev.cotrace;

import dev.cotrace.attribution.Quadrature;
import dev.cotrace.attribution.Reference;
import dev.cotrace.attribution.Settings;
import dev.cotrace.attribution.Until;
import dev.cotrace.circuit.Circuit.Ranking;
import dev.cotrace.circuit.ErrorUnits;
import dev.cotrace.circuit.Level;
import dev.cotrace.circuit.Method;
import dev.cotrace.rollout.Binning;
import dev.cotrace.rollout.Objective;
import dev.cotrace.task.OutcomeLibrary;
import dev.cotrace.torch.Precision;
import java.util.Arrays;
import java.util.Locale;
import java.util.function.Function;
import java.util.stream.Collectors;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.databind.DeserializationContext;
import tools.jackson.databind.JacksonModule;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.SerializationContext;
import tools.jackson.databind.deser.std.StdDeserializer;
import tools.jackson.databind.module.SimpleModule;
import tools.jackson.databind.ser.std.StdSerializer;

/** How values of a specification that are more than numbers are written as text. */
final class SpecLabels {
  private SpecLabels() {}

  static JacksonModule module() {
    SimpleModule module = new SimpleModule();
    add(module, Objective.class, SpecLabels::objective);
    add(module, Binning.class, Binning::parse);
    add(module, CircuitSize.class, CircuitSize::parse);
    add(module, SelectionRule.class, SelectionRule::parse);
    add(module, Until.class, Until::parse);
    addEnum(module, Level.class);
    addEnum(module, ErrorUnits.class);
    addEnum(module, Method.class);
    add(module, MemoryLimit.class, MemoryLimit::new);
    addEnum(module, Settings.Estimator.class);
    addEnum(module, Settings.BaselineKind.class);
    addEnum(module, Settings.Allotment.class);
    addEnum(module, Settings.Backward.class);
    addEnum(module, Quadrature.class);
    addEnum(module, Precision.class);
    addEnum(module, Ranking.class);
    addEnum(module, Reference.class);
    return module;
  }

  /** An objective whose terms all exist. */
  private static Objective objective(String text) {
    Objective objective = Objective.parse(text);
    OutcomeLibrary.check(objective);
    return objective;
  }

  private static <E extends Enum<E>> void addEnum(SimpleModule module, Class<E> type) {
    module.addSerializer(new Writer<>(type, SpecLabels::label));
    module.addDeserializer(type, new Reader<>(type, text -> constant(type, text)));
  }

  private static <T> void add(SimpleModule module, Class<T> type, Function<String, T> parse) {
    module.addSerializer(new Writer<>(type, String::valueOf));
    module.addDeserializer(type, new Reader<>(type, parse));
  }

  /** The name of an enum constant in files and on the command line, {@code like-this}. */
  static String label(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** The constant with the name {@code text}; refuses any other. */
  static <E extends Enum<E>> E constant(Class<E> type, String text) {
    E[] constants = type.getEnumConstants();
    for (E constant : constants) {
      if (label(constant).equals(text)) {
        return constant;
      }
    }
    throw new IllegalArgumentException(
        "expected one of %s, got '%s'"
            .formatted(
                Arrays.stream(constants).map(SpecLabels::label).collect(Collectors.joining(", ")),
                text));
  }

  private static final class Writer<T> extends StdSerializer<T> {
    private final Function<? super T, String> text;

    Writer(Class<T> type, Function<? super T, String> text) {
      super(type);
      this.text = text;
    }

    @Override
    public void serialize(T value, JsonGenerator json, SerializationContext context) {
      json.writeString(text.apply(value));
    }
  }

  private static final class Reader<T> extends StdDeserializer<T> {
    private final Function<String, T> parse;

    Reader(Class<T> type, Function<String, T> parse) {
      super(type);
      this.parse = parse;
    }

    @Override
    public T deserialize(JsonParser parser, DeserializationContext context) {
      JsonNode node = context.readTree(parser);
      return parse.apply(node.isValueNode() ? node.asString() : node.toString());
    }
  }
}
