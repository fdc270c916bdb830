package dev.cotrace.format.jinja;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/** Walking, listing and slicing values that hold others. */
final class Sequences {
  private Sequences() {}

  /** What a {@code for} loop runs over; undefined values are empty, dictionaries give keys. */
  static Iterator<Value> iterate(Value value, Budget budget) {
    return switch (value) {
      case Value.Undefined undefined -> List.<Value>of().iterator();
      case Value.Items items -> items.values().iterator();
      case Value.Generator generator -> generator.items();
      case Value.Mapping mapping -> List.copyOf(mapping.entries().keySet()).iterator();
      case Value.Text(String text) -> {
        budget.spend(text.length());
        yield text.codePoints()
            .mapToObj(c -> (Value) new Value.Text(Character.toString(c)))
            .iterator();
      }
      default -> throw new Fault("expected something to loop over, got " + Types.name(value));
    };
  }

  /** All items at once. */
  static List<Value> list(Value value, Budget budget) {
    if (value instanceof Value.Items items) {
      budget.spend(items.values().size());
      return items.values();
    }
    List<Value> values = new ArrayList<>();
    for (Iterator<Value> items = iterate(value, budget); items.hasNext(); ) {
      budget.step();
      values.add(items.next());
    }
    return values;
  }

  /** Python's {@code target[start:stop:step]}; none where a bound is left out. */
  static Value slice(Value target, Value start, Value stop, Value step, Budget budget) {
    long stride = step instanceof Value.None ? 1 : Numbers.integer(step);
    if (stride == 0) {
      throw new Fault("expected a slice step other than zero");
    }
    return switch (target) {
      case Value.Text(String text) -> {
        int[] points = text.codePoints().toArray();
        budget.text(points.length);
        StringBuilder out = new StringBuilder();
        for (int at : indices(points.length, start, stop, stride)) {
          out.appendCodePoint(points[at]);
        }
        yield new Value.Text(out.toString());
      }
      case Value.Items items when items.kind() != Value.Items.Kind.VIEW -> {
        budget.spend(items.values().size());
        List<Value> values = new ArrayList<>();
        for (int at : indices(items.values().size(), start, stop, stride)) {
          values.add(items.values().get(at));
        }
        yield new Value.Items(items.kind(), values);
      }
      default -> throw new Fault("expected a list or string to slice, got " + Types.name(target));
    };
  }

  private static List<Integer> indices(int length, Value start, Value stop, long stride) {
    long least = stride > 0 ? 0 : -1;
    long most = stride > 0 ? length : length - 1L;
    long from =
        start instanceof Value.None ? (stride > 0 ? 0 : most) : bound(start, length, least, most);
    long to =
        stop instanceof Value.None ? (stride > 0 ? most : -1) : bound(stop, length, least, most);
    List<Integer> indices = new ArrayList<>();
    long limited = Math.clamp(stride, -length - 1L, length + 1L);
    for (long at = from; stride > 0 ? at < to : at > to; at += limited) {
      indices.add((int) at);
    }
    return indices;
  }

  private static long bound(Value value, int length, long least, long most) {
    long index = Numbers.integer(value);
    return Math.clamp(index < 0 ? index + length : index, least, most);
  }
}
