package dev.cotrace.format.jinja;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The counters behind {@code loop}. Items are drawn no earlier than a template asks about them, as
 * in jinja2: a loop's condition may depend on what earlier passes did.
 */
final class LoopState {
  private final Iterator<Value> source;
  private final Deque<Value> ahead = new ArrayDeque<>();
  private int index;
  private Value current = new Value.Undefined("the item of a loop that has not begun");
  private Value previous = new Value.Undefined("there is no previous item");
  private List<Value> watched = List.of();

  LoopState(Iterator<Value> source) {
    this.source = source;
  }

  /** Moves to the next item; null at the end. */
  @Nullable Value advance() {
    if (!peek()) {
      return null;
    }
    if (index > 0) {
      previous = current;
    }
    current = ahead.removeFirst();
    index++;
    return current;
  }

  private boolean peek() {
    if (ahead.isEmpty() && source.hasNext()) {
      ahead.add(source.next());
    }
    return !ahead.isEmpty();
  }

  private int length() {
    while (source.hasNext()) {
      ahead.add(source.next());
    }
    return index + ahead.size();
  }

  Value attribute(String name) {
    return switch (name) {
      case "index" -> new Value.Int(index);
      case "index0" -> new Value.Int(index - 1L);
      case "revindex" -> new Value.Int(length() - index + 1L);
      case "revindex0" -> new Value.Int((long) length() - index);
      case "first" -> Value.of(index == 1);
      case "last" -> Value.of(!peek());
      case "length" -> new Value.Int(length());
      // Only recursive loops, which are not known here, go deeper.
      case "depth" -> new Value.Int(1);
      case "depth0" -> new Value.Int(0);
      case "previtem" -> previous;
      case "nextitem" -> peek() ? ahead.getFirst() : new Value.Undefined("there is no next item");
      case "cycle" -> new Value.Callable("loop.cycle", this::cycle);
      case "changed" -> new Value.Callable("loop.changed", this::changed);
      default -> new Value.Undefined("'loop' has no attribute '%s'".formatted(name));
    };
  }

  private Value cycle(Arguments arguments) {
    if (arguments.positional().isEmpty()) {
      throw new Fault("expected items to cycle through");
    }
    return arguments.positional().get((index - 1) % arguments.positional().size());
  }

  private Value changed(Arguments arguments) {
    boolean same =
        index > 1
            && Operators.equal(
                Value.list(watched), Value.list(arguments.positional()), new Budget());
    watched = new ArrayList<>(arguments.positional());
    return Value.of(!same);
  }
}
