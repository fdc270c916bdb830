package dev.cotrace.format.jinja;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/** The filters of jinja2 that chat templates use. */
final class Filters {
  private Filters() {}

  static Value apply(String name, Value input, Arguments arguments, Budget budget) {
    return switch (name) {
      case "trim", "upper", "lower", "title", "capitalize", "replace", "indent", "string", "safe" ->
          TextFilters.apply(name, input, arguments, budget);
      case "map", "select", "reject", "selectattr", "rejectattr" ->
          SelectionFilters.apply(name, input, arguments, budget);
      case "int", "float", "abs", "round" -> NumberFilters.apply(name, input, arguments);
      case "tojson" -> JsonText.filter(input, arguments, budget);
      case "length", "count" -> new Value.Int(length(plain(name, input, arguments), budget));
      case "default", "d" -> fallback(input, arguments);
      case "join" -> join(input, arguments, budget);
      case "first" -> first(plain(name, input, arguments), budget);
      case "last" -> last(plain(name, input, arguments), budget);
      case "list" -> Value.list(List.copyOf(Sequences.list(plain(name, input, arguments), budget)));
      case "items" -> items(plain(name, input, arguments));
      case "reverse" -> reverse(plain(name, input, arguments), budget);
      case "sort" -> sort(input, arguments, budget);
      case "unique" -> unique(input, arguments, budget);
      case "dictsort" -> dictSort(plain(name, input, arguments), budget);
      case "sum" -> sum(input, arguments, budget);
      case "min", "max" -> extreme(name, plain(name, input, arguments), budget);
      default -> throw new Fault("expected a filter that is known here, got " + name);
    };
  }

  /** The input of a filter that takes no arguments. */
  private static Value plain(String name, Value input, Arguments arguments) {
    arguments.bind(name);
    return input;
  }

  static int length(Value input, Budget budget) {
    return switch (input) {
      case Value.Undefined undefined -> 0;
      case Value.Text(String text) -> {
        budget.text(text.length());
        yield PythonText.length(text);
      }
      case Value.Items items -> items.values().size();
      case Value.Mapping mapping -> mapping.entries().size();
      default -> throw new Fault("expected something with a length, got " + Types.name(input));
    };
  }

  private static Value fallback(Value input, Arguments arguments) {
    Arguments.Bound bound = arguments.bind("default", "default_value", "boolean");
    boolean absent =
        input instanceof Value.Undefined || (bound.flag("boolean", false) && !Types.truth(input));
    return absent ? bound.get("default_value", new Value.Text("")) : input;
  }

  private static Value join(Value input, Arguments arguments, Budget budget) {
    Arguments.Bound bound = arguments.bind("join", "d", "attribute");
    String separator = Printer.text(bound.get("d", new Value.Text("")), budget);
    Value attribute = bound.get("attribute", Value.NONE);
    StringBuilder out = new StringBuilder();
    boolean first = true;
    for (Value item : Sequences.list(input, budget)) {
      Value part =
          attribute instanceof Value.None
              ? item
              : SelectionFilters.attribute(item, attribute, budget);
      out.append(first ? "" : separator).append(Printer.text(part, budget));
      budget.text(separator.length());
      if (out.length() > Budget.MAX_TEXT) {
        budget.text(out.length());
      }
      first = false;
    }
    budget.text(out.length());
    return new Value.Text(out.toString());
  }

  private static Value first(Value input, Budget budget) {
    Iterator<Value> items = Sequences.iterate(input, budget);
    return items.hasNext()
        ? items.next()
        : new Value.Undefined("the first item of an empty sequence");
  }

  private static Value last(Value input, Budget budget) {
    refuseGenerator("last", input);
    List<Value> items = Sequences.list(input, budget);
    return items.isEmpty()
        ? new Value.Undefined("the last item of an empty sequence")
        : items.getLast();
  }

  private static void refuseGenerator(String name, Value input) {
    if (input instanceof Value.Generator) {
      throw new Fault(
          "expected a list before %s, got a generator; put list between".formatted(name));
    }
  }

  private static Value items(Value input) {
    return switch (input) {
      case Value.Undefined undefined -> new Value.Generator(Collections.emptyIterator());
      case Value.Mapping mapping ->
          new Value.Generator(Access.view(mapping, "items").values().iterator());
      default -> throw new Fault("expected a dictionary before items, got " + Types.name(input));
    };
  }

  private static Value reverse(Value input, Budget budget) {
    if (input instanceof Value.Text) {
      return Sequences.slice(input, Value.NONE, Value.NONE, new Value.Int(-1), budget);
    }
    return new Value.Generator(List.copyOf(Sequences.list(input, budget)).reversed().iterator());
  }

  private static Value sort(Value input, Arguments arguments, Budget budget) {
    Arguments.Bound bound = arguments.bind("sort", "reverse", "case_sensitive", "attribute");
    boolean exact = bound.flag("case_sensitive", false);
    Value attribute = bound.get("attribute", Value.NONE);
    List<Value> items = new ArrayList<>(Sequences.list(input, budget));
    items.sort((a, b) -> {
      int order =
          Operators.order(
              "sort", key(a, attribute, exact, budget), key(b, attribute, exact, budget), budget);
      return bound.flag("reverse", false) ? -order : order;
    });
    return Value.list(items);
  }

  private static Value key(Value item, Value attribute, boolean exact, Budget budget) {
    budget.step();
    Value value =
        attribute instanceof Value.None
            ? item
            : SelectionFilters.attribute(item, attribute, budget);
    return !exact && value instanceof Value.Text(String text)
        ? new Value.Text(TextFilters.lower(text))
        : value;
  }

  private static Value unique(Value input, Arguments arguments, Budget budget) {
    Arguments.Bound bound = arguments.bind("unique", "case_sensitive", "attribute");
    boolean exact = bound.flag("case_sensitive", false);
    Value attribute = bound.get("attribute", Value.NONE);
    List<Value> kept = new ArrayList<>();
    List<Value> keys = new ArrayList<>();
    for (Value item : Sequences.list(input, budget)) {
      Value key = key(item, attribute, exact, budget);
      if (keys.stream().noneMatch(seen -> Operators.equal(seen, key, budget))) {
        keys.add(key);
        kept.add(item);
      }
    }
    return new Value.Generator(kept.iterator());
  }

  private static Value dictSort(Value input, Budget budget) {
    if (!(input instanceof Value.Mapping(Map<Value, Value> entries))) {
      throw new Fault("expected a dictionary before dictsort, got " + Types.name(input));
    }
    List<Value> keys = new ArrayList<>(entries.keySet());
    keys.sort((a, b) ->
        Operators.order(
            "dictsort",
            key(a, Value.NONE, false, budget),
            key(b, Value.NONE, false, budget),
            budget));
    List<Value> pairs = new ArrayList<>();
    for (Value key : keys) {
      Value value = entries.getOrDefault(key, Value.NONE);
      pairs.add(new Value.Items(Value.Items.Kind.TUPLE, List.of(key, value)));
    }
    return Value.list(pairs);
  }

  private static Value sum(Value input, Arguments arguments, Budget budget) {
    Arguments.Bound bound = arguments.bind("sum", "attribute", "start");
    Value attribute = bound.get("attribute", Value.NONE);
    Value total = bound.get("start", new Value.Int(0));
    for (Value item : Sequences.list(input, budget)) {
      Value part =
          attribute instanceof Value.None
              ? item
              : SelectionFilters.attribute(item, attribute, budget);
      total = Operators.binary("+", total, part, budget);
    }
    return total;
  }

  private static Value extreme(String name, Value input, Budget budget) {
    Value best = new Value.Undefined("the %s of an empty sequence".formatted(name));
    for (Value item : Sequences.list(input, budget)) {
      Value key = key(item, Value.NONE, false, budget);
      boolean better =
          best instanceof Value.Undefined
              || Operators.compare(
                  name.equals("min") ? "<" : ">",
                  key,
                  key(best, Value.NONE, false, budget),
                  budget);
      best = better ? item : best;
    }
    return best;
  }
}
