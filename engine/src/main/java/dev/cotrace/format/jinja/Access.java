package dev.cotrace.format.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Attributes and items, found as jinja2's sandbox finds them. */
final class Access {
  private static final Set<String> MUTATORS =
      Set.of(
          "append",
          "clear",
          "extend",
          "fromkeys",
          "insert",
          "pop",
          "popitem",
          "remove",
          "reverse",
          "setdefault",
          "sort",
          "update");

  private Access() {}

  /** {@code target.name}: a method of the value's type, else its item. */
  static Value attribute(Value target, String name, Budget budget) {
    Value method = method(target, name, budget);
    if (method != null) {
      return method;
    }
    return target instanceof Value.Mapping mapping
        ? entry(mapping, new Value.Text(name))
        : missing(target, name);
  }

  /** {@code target[key]}: an item, else for a text key the attribute of that name. */
  static Value item(Value target, Value key, Budget budget) {
    if (target instanceof Value.Mapping mapping && !(key instanceof Value.Items)) {
      Value found = mapping.entries().get(Value.Mapping.key(key));
      if (found != null) {
        return found;
      }
    } else if (key instanceof Value.Int || key instanceof Value.Bool) {
      return position(
          target, (int) Math.clamp(Numbers.integer(key), Integer.MIN_VALUE, Integer.MAX_VALUE));
    }
    if (key instanceof Value.Text(String name)) {
      Value method = method(target, name, budget);
      return method != null ? method : missing(target, name);
    }
    refuseUndefined(target);
    return new Value.Undefined("%s has no such item".formatted(Types.name(target)));
  }

  private static Value position(Value target, int index) {
    refuseUndefined(target);
    Value missing = new Value.Undefined("%s has no item %d".formatted(Types.name(target), index));
    return switch (target) {
      case Value.Items(Value.Items.Kind kind, List<Value> values)
          when kind != Value.Items.Kind.VIEW -> {
        int at = index < 0 ? index + values.size() : index;
        yield at >= 0 && at < values.size() ? values.get(at) : missing;
      }
      case Value.Text(String text) -> {
        int length = PythonText.length(text);
        int at = index < 0 ? index + length : index;
        yield at >= 0 && at < length ? new Value.Text(PythonText.slice(text, at, at + 1)) : missing;
      }
      default -> missing;
    };
  }

  private static Value entry(Value.Mapping mapping, Value key) {
    Value found = mapping.entries().get(key);
    return found != null
        ? found
        : new Value.Undefined(
            "the dictionary has no key %s".formatted(Printer.repr(key, new Budget())));
  }

  private static Value missing(Value target, String name) {
    refuseUndefined(target);
    return new Value.Undefined("%s has no attribute '%s'".formatted(Types.name(target), name));
  }

  private static void refuseUndefined(Value target) {
    if (target instanceof Value.Undefined(String what)) {
      throw new Fault("expected a value, but %s is undefined".formatted(what));
    }
  }

  private static @Nullable Value method(Value target, String name, Budget budget) {
    return switch (target) {
      case Value.Loop(LoopState state) -> state.attribute(name);
      case Value.Namespace(Map<String, Value> values) -> values.get(name);
      case Value.Text(String text) -> TextMethods.bind(text, name, budget);
      case Value.Mapping mapping ->
          MUTATORS.contains(name) && !mapping.entries().containsKey(new Value.Text(name))
              ? mutator(name)
              : mappingMethod(mapping, name, budget);
      case Value.Items items when items.kind() != Value.Items.Kind.VIEW ->
          MUTATORS.contains(name) ? mutator(name) : itemsMethod(items, name, budget);
      default -> null;
    };
  }

  private static Value mutator(String name) {
    return new Value.Callable(
        name,
        arguments -> {
          throw new Fault("expected a template that changes no value, but it calls " + name);
        });
  }

  private static @Nullable Value mappingMethod(Value.Mapping mapping, String name, Budget budget) {
    return switch (name) {
      case "items", "keys", "values" ->
          new Value.Callable(
              name,
              arguments -> {
                arguments.bind(name);
                budget.spend(mapping.entries().size());
                return view(mapping, name);
              });
      case "get" ->
          new Value.Callable(
              name,
              arguments -> {
                Arguments.Bound bound = arguments.bind(name, "key", "default");
                Value key = Value.Mapping.key(bound.required("key"));
                return mapping.entries().getOrDefault(key, bound.get("default", Value.NONE));
              });
      case "copy" -> new Value.Callable(name, arguments -> mapping);
      default -> null;
    };
  }

  /** Pairs, keys or values of a dictionary. */
  static Value.Items view(Value.Mapping mapping, String name) {
    List<Value> values = new ArrayList<>();
    mapping
        .entries()
        .forEach((key, value) ->
            values.add(
                switch (name) {
                  case "keys" -> key;
                  case "values" -> value;
                  default -> new Value.Items(Value.Items.Kind.TUPLE, List.of(key, value));
                }));
    return new Value.Items(Value.Items.Kind.VIEW, values);
  }

  private static @Nullable Value itemsMethod(Value.Items items, String name, Budget budget) {
    return switch (name) {
      case "index" ->
          new Value.Callable(
              name,
              arguments -> {
                Value wanted = arguments.bind(name, "value").required("value");
                for (int i = 0; i < items.values().size(); i++) {
                  if (Operators.equal(items.values().get(i), wanted, budget)) {
                    return new Value.Int(i);
                  }
                }
                throw new Fault("expected the list to hold the value whose index is asked");
              });
      case "count" ->
          new Value.Callable(
              name,
              arguments -> {
                Value wanted = arguments.bind(name, "value").required("value");
                return new Value.Int(
                    items.values().stream()
                        .filter(item -> Operators.equal(item, wanted, budget))
                        .count());
              });
      case "copy" -> new Value.Callable(name, arguments -> items);
      default -> null;
    };
  }
}
