package dev.cotrace.format.pickle;

import dev.cotrace.format.MalformedModelException;
import dev.cotrace.format.StoredTensor;
import dev.cotrace.format.StoredType;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Runs the pickle of a torch archive on a stack of plain values. Nothing is looked up by name and
 * nothing of the file is called: an instruction or a name that is not on the list is an error.
 *
 * <p>Work and memory are bounded by the length of the pickle; nothing here recurses.
 */
final class Unpickler {
  /** Finds the elements of the storage {@code key}. */
  interface Storages {
    StoredTensor storage(String key, StoredType type, long elements);
  }

  /** More than any file has; the sizes of many tensors may be one tuple of the file. */
  private static final int MOST_DIMENSIONS = 8;

  private static final int PROTOCOL = 2;

  private final PickleBytes bytes;
  private final Storages storages;
  private final Deque<StackItem> stack = new ArrayDeque<>();
  private final Map<Integer, StackItem> memo = new HashMap<>();

  private Unpickler(PickleBytes bytes, Storages storages) {
    this.bytes = bytes;
    this.storages = storages;
  }

  /**
   * The value that {@code pickle} builds.
   *
   * @param file the archive, for errors
   * @throws MalformedModelException when it does anything else
   */
  static PickleValue read(Path file, byte[] pickle, Storages storages) {
    return new Unpickler(new PickleBytes(file, pickle), storages).run();
  }

  private PickleValue run() {
    for (Opcode opcode = bytes.opcode(); opcode != Opcode.STOP; opcode = bytes.opcode()) {
      step(opcode);
    }
    PickleValue result = value(pop());
    if (!stack.isEmpty() || !bytes.atEnd()) {
      throw bytes.malformed("the pickle goes on after its value");
    }
    return result;
  }

  private void step(Opcode opcode) {
    switch (opcode) {
      case PROTO -> requireProtocol(bytes.u8());
      case STOP -> throw new IllegalStateException("the loop ends there");
      case MARK -> stack.push(new StackItem.Mark());
      case NONE -> push(new PickleValue.None());
      case NEWTRUE -> push(new PickleValue.Flag(true));
      case NEWFALSE -> push(new PickleValue.Flag(false));
      case BININT -> push(new PickleValue.Whole(bytes.i32()));
      case BININT1 -> push(new PickleValue.Whole(bytes.u8()));
      case BININT2 -> push(new PickleValue.Whole(bytes.u16()));
      case LONG1 -> push(new PickleValue.Whole(bytes.longInteger()));
      case BINFLOAT -> push(new PickleValue.Real(bytes.f64()));
      case BINUNICODE -> push(new PickleValue.Text(bytes.string()));
      case EMPTY_LIST -> push(new PickleValue.Items(new ArrayList<>()));
      case APPEND -> append(last(1));
      case APPENDS -> append(sinceMark());
      case EMPTY_TUPLE -> tuple(List.of());
      case TUPLE -> tuple(sinceMark());
      case TUPLE1 -> tuple(last(1));
      case TUPLE2 -> tuple(last(2));
      case TUPLE3 -> tuple(last(3));
      case EMPTY_DICT -> push(new PickleValue.Dictionary(new LinkedHashMap<>()));
      case SETITEM -> put(last(2));
      case SETITEMS -> put(sinceMark());
      case BINPUT -> memo.put(bytes.u8(), top());
      case LONG_BINPUT -> memo.put(bytes.i32(), top());
      case BINGET -> stack.push(remembered(bytes.u8()));
      case LONG_BINGET -> stack.push(remembered(bytes.i32()));
      case GLOBAL -> stack.push(allowed(bytes.line(), bytes.line()));
      case BINPERSID -> stack.push(new StackItem.Storage(storage(items(pop()))));
      case REDUCE -> reduce();
    }
  }

  private void requireProtocol(int protocol) {
    if (protocol != PROTOCOL) {
      throw bytes.malformed(
          "expected pickle protocol %d, the default of torch.save, got %d"
              .formatted(PROTOCOL, protocol));
    }
  }

  private AllowedName allowed(String module, String function) {
    return AllowedName.of(module, function)
        .orElseThrow(() ->
            bytes.malformed(
                "the name %s is refused: a file may only name torch's tensors and storages"
                    .formatted(PickleBytes.shown(module + "." + function))));
  }

  private void reduce() {
    List<StackItem> arguments = items(pop());
    StackItem function = pop();
    if (function == AllowedName.REBUILD_TENSOR) {
      push(new PickleValue.Tensor(tensor(arguments)));
    } else if (function == AllowedName.ORDERED_DICT && arguments.isEmpty()) {
      push(new PickleValue.Dictionary(new LinkedHashMap<>()));
    } else {
      throw bytes.malformed(
          "something is called that is neither a tensor nor an empty OrderedDict");
    }
  }

  /** {@code ('storage', class, key, location, number of elements)}. */
  private StoredTensor storage(List<StackItem> arguments) {
    if (arguments.size() == 5
        && text(arguments.get(0)).equals("storage")
        && arguments.get(1) instanceof AllowedName name
        && name.elements() != null) {
      return storages.storage(text(arguments.get(2)), name.elements(), whole(arguments.get(4)));
    }
    throw bytes.malformed("expected a storage with its class, key, device and size");
  }

  /** {@code (storage, offset, sizes, strides, requires_grad, hooks)}, in elements. */
  private StoredTensor tensor(List<StackItem> arguments) {
    if (arguments.size() != 6
        || !(arguments.getFirst() instanceof StackItem.Storage(StoredTensor elements))) {
      throw bytes.malformed("expected a tensor with its storage, offset, sizes and strides");
    }
    long[] sizes = sizes(arguments.get(2));
    long[] strides = sizes(arguments.get(3));
    try {
      if (!contiguous(sizes, strides)) {
        throw bytes.malformed(
            "a tensor is a view with gaps or repeats: call contiguous() on it before torch.save");
      }
      long width = elements.type().blockBytes();
      long length = width;
      for (long size : sizes) {
        length = Math.multiplyExact(length, size);
      }
      long from = Math.multiplyExact(width, whole(arguments.get(1)));
      return new StoredTensor("", elements.type(), sizes, elements.bytes().asSlice(from, length));
    } catch (ArithmeticException | IndexOutOfBoundsException | IllegalArgumentException e) {
      throw bytes.malformed("a tensor is larger than its storage");
    }
  }

  private static boolean contiguous(long[] sizes, long[] strides) {
    if (sizes.length != strides.length) {
      return false;
    }
    long stride = 1;
    for (int i = sizes.length - 1; i >= 0; i--) {
      if (sizes[i] == 0) {
        return true;
      }
      if (sizes[i] != 1 && strides[i] != stride) {
        return false;
      }
      stride = Math.multiplyExact(stride, sizes[i]);
    }
    return true;
  }

  private void append(List<StackItem> added) {
    if (!(top() instanceof StackItem.Value(PickleValue.Items(List<PickleValue> list)))) {
      throw bytes.malformed("items are added to what is no list");
    }
    added.forEach(item -> list.add(value(item)));
  }

  private void put(List<StackItem> added) {
    if (!(top() instanceof StackItem.Value(PickleValue.Dictionary(Map<String, PickleValue> map)))
        || added.size() % 2 != 0) {
      throw bytes.malformed("keys and values are put in what is no dict");
    }
    for (int i = 0; i < added.size(); i += 2) {
      map.put(text(added.get(i)), value(added.get(i + 1)));
    }
  }

  /** A tuple is a value when all it holds are. */
  private void tuple(List<StackItem> items) {
    List<PickleValue> values = new ArrayList<>();
    for (StackItem item : items) {
      if (item instanceof StackItem.Value(PickleValue value)) {
        values.add(value);
      }
    }
    if (values.size() == items.size()) {
      push(new PickleValue.Tuple(List.copyOf(values)));
    } else {
      stack.push(new StackItem.Arguments(items));
    }
  }

  private void push(PickleValue value) {
    stack.push(new StackItem.Value(value));
  }

  private StackItem pop() {
    StackItem item = stack.poll();
    if (item == null) {
      throw bytes.malformed("something is taken from an empty stack");
    }
    return item;
  }

  private StackItem top() {
    StackItem item = pop();
    stack.push(item);
    return item;
  }

  /** The last {@code count} items in the order they came. */
  private List<StackItem> last(int count) {
    List<StackItem> items = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      items.add(pop());
    }
    return items.reversed();
  }

  private List<StackItem> sinceMark() {
    List<StackItem> items = new ArrayList<>();
    for (StackItem item = pop(); !(item instanceof StackItem.Mark); item = pop()) {
      items.add(item);
    }
    return items.reversed();
  }

  private StackItem remembered(int index) {
    @Nullable StackItem item = memo.get(index);
    if (item == null) {
      throw bytes.malformed("nothing was remembered under %d".formatted(index));
    }
    return item;
  }

  private PickleValue value(StackItem item) {
    if (item instanceof StackItem.Value(PickleValue value)) {
      return value;
    }
    throw bytes.malformed("expected a value, got part of a tensor");
  }

  private List<StackItem> items(StackItem item) {
    return switch (item) {
      case StackItem.Arguments(List<StackItem> items) -> items;
      case StackItem.Value(PickleValue.Tuple(List<PickleValue> values)) ->
          values.stream().map(StackItem.Value::new).map(StackItem.class::cast).toList();
      default -> throw bytes.malformed("expected arguments in a tuple");
    };
  }

  private String text(StackItem item) {
    if (item instanceof StackItem.Value(PickleValue.Text(String text))) {
      return text;
    }
    throw bytes.malformed("expected a str for a key");
  }

  private long whole(StackItem item) {
    if (item instanceof StackItem.Value(PickleValue.Whole(long number))) {
      return number;
    }
    throw bytes.malformed("expected an int for a size");
  }

  private long[] sizes(StackItem item) {
    List<StackItem> sizes = items(item);
    if (sizes.size() > MOST_DIMENSIONS) {
      throw bytes.malformed(
          "a tensor has %d dimensions, more than %d".formatted(sizes.size(), MOST_DIMENSIONS));
    }
    return sizes.stream().mapToLong(this::whole).toArray();
  }
}
