package dev.cotrace.format.jinja;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/** {@code map}, {@code select}, {@code reject}, {@code selectattr} and {@code rejectattr}. */
final class SelectionFilters {
  private SelectionFilters() {}

  static Value apply(String name, Value input, Arguments arguments, Budget budget) {
    if (input instanceof Value.Undefined) {
      return new Value.Generator(List.<Value>of().iterator());
    }
    Iterator<Value> items = Sequences.iterate(input, budget);
    List<Value> results = new ArrayList<>();
    while (items.hasNext()) {
      Value item = items.next();
      budget.step();
      if (name.equals("map")) {
        results.add(mapped(item, arguments, budget));
      } else if (selected(name, item, arguments, budget)) {
        results.add(item);
      }
    }
    return new Value.Generator(results.iterator());
  }

  private static Value mapped(Value item, Arguments arguments, Budget budget) {
    Value attribute = arguments.keywords().get("attribute");
    if (arguments.positional().isEmpty() && attribute != null) {
      Map<String, Value> others = new HashMap<>(arguments.keywords());
      others.remove("attribute");
      Arguments.Bound bound = new Arguments(List.of(), others).bind("map", "default");
      Value found = attribute(item, attribute, budget);
      return found instanceof Value.Undefined ? bound.get("default", found) : found;
    }
    return Filters.apply(
        text(arguments, 0, "map"),
        item,
        new Arguments(rest(arguments, 1), arguments.keywords()),
        budget);
  }

  private static boolean selected(String name, Value item, Arguments arguments, Budget budget) {
    boolean byAttribute = name.endsWith("attr");
    Value tested = item;
    if (byAttribute) {
      if (arguments.positional().isEmpty()) {
        throw new Fault("expected an attribute name as first argument of " + name);
      }
      tested = attribute(item, arguments.positional().getFirst(), budget);
    }
    int at = byAttribute ? 1 : 0;
    boolean holds =
        arguments.positional().size() <= at
            ? Types.truth(tested)
            : Tests.holds(
                text(arguments, at, name),
                tested,
                new Arguments(rest(arguments, at + 1), arguments.keywords()),
                budget);
    return holds == name.startsWith("select");
  }

  /** An attribute path: dots lead inwards, whole numbers are positions. */
  static Value attribute(Value item, Value path, Budget budget) {
    if (!(path instanceof Value.Text(String text))) {
      return Access.item(item, path, budget);
    }
    Value result = item;
    for (String part : text.split("\\.", -1)) {
      boolean position =
          !part.isEmpty() && part.length() < 10 && part.chars().allMatch(c -> c >= '0' && c <= '9');
      Value key = position ? new Value.Int(Long.parseLong(part)) : new Value.Text(part);
      result = Access.item(result, key, budget);
    }
    return result;
  }

  private static String text(Arguments arguments, int at, String filter) {
    if (arguments.positional().size() > at
        && arguments.positional().get(at) instanceof Value.Text(String text)) {
      return text;
    }
    throw new Fault("expected a name as argument %d of %s".formatted(at + 1, filter));
  }

  private static List<Value> rest(Arguments arguments, int from) {
    return arguments.positional().subList(from, arguments.positional().size());
  }
}
