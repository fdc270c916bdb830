package dev.cotrace.format.jinja;

import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The functions that every chat template finds. */
final class Globals {
  /** The sandbox's limit in jinja2. */
  private static final int MAX_RANGE = 100_000;

  private Globals() {}

  /** A scope with the functions in it; {@code now} is what {@code strftime_now} tells. */
  static Scope scope(LocalDateTime now) {
    Scope scope = new Scope(null);
    define(scope, "raise_exception", Globals::raise);
    define(
        scope,
        "strftime_now",
        arguments ->
            new Value.Text(
                StrfTime.format(arguments.bind("strftime_now", "format").text("format"), now)));
    define(scope, "namespace", Globals::namespace);
    define(scope, "dict", Globals::dictionary);
    define(scope, "range", Globals::range);
    return scope;
  }

  private static void define(Scope scope, String name, Value.Callable.Body body) {
    scope.set(name, new Value.Callable(name, body));
  }

  private static Value raise(Arguments arguments) {
    Value message = arguments.bind("raise_exception", "message").required("message");
    throw new Fault("the template refuses: " + Printer.text(message, new Budget()));
  }

  private static Value namespace(Arguments arguments) {
    Value.Namespace namespace = new Value.Namespace();
    entries(arguments, "namespace")
        .forEach((key, value) -> namespace.values().put(fieldName(text(key)), value));
    return namespace;
  }

  private static String text(Value key) {
    if (key instanceof Value.Text(String name)) {
      return name;
    }
    throw new Fault("expected strings as names in a namespace, got " + Types.name(key));
  }

  /** The sandbox refuses names with an underscore in front. */
  static String fieldName(String name) {
    if (name.startsWith("_")) {
      throw new Fault("expected a namespace field without leading underscore, got " + name);
    }
    return name;
  }

  private static Value dictionary(Arguments arguments) {
    return new Value.Mapping(entries(arguments, "dict"));
  }

  private static Map<Value, Value> entries(Arguments arguments, String function) {
    Map<Value, Value> entries = new LinkedHashMap<>();
    Arguments.Bound bound =
        new Arguments(arguments.positional(), Map.of()).bind(function, "mapping");
    if (bound.get("mapping", new Value.Mapping(Map.of()))
        instanceof Value.Mapping(Map<Value, Value> given)) {
      entries.putAll(given);
    } else {
      throw new Fault("expected a dictionary as argument of " + function);
    }
    arguments.keywords().forEach((name, value) -> entries.put(new Value.Text(name), value));
    return entries;
  }

  private static Value range(Arguments arguments) {
    List<Value> given = arguments.positional();
    arguments.bind("range", "start", "stop", "step");
    if (given.isEmpty() || !arguments.keywords().isEmpty()) {
      throw new Fault("expected one to three integers as arguments of range");
    }
    long start = given.size() == 1 ? 0 : Numbers.integer(given.get(0));
    long stop = Numbers.integer(given.get(given.size() == 1 ? 0 : 1));
    long step = given.size() < 3 ? 1 : Numbers.integer(given.get(2));
    if (step == 0) {
      throw new Fault("expected a range step other than zero");
    }
    List<Value> values = new ArrayList<>();
    long at = start;
    while (step > 0 ? at < stop : at > stop) {
      if (values.size() == MAX_RANGE) {
        throw new Fault("expected a range of at most %d items".formatted(MAX_RANGE));
      }
      values.add(new Value.Int(at));
      long left = step > 0 ? Long.MAX_VALUE - step : Long.MIN_VALUE - step;
      at = (step > 0 ? at > left : at < left) ? stop : at + step;
    }
    return Value.list(values);
  }
}
