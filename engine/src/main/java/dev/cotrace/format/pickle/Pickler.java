package dev.cotrace.format.pickle;

import dev.cotrace.format.StoredTensor;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Writes values as {@code torch.save} does, but without a memo: every value stands for itself. */
final class Pickler {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final List<StoredTensor> tensors = new ArrayList<>();

  private Pickler() {}

  /**
   * A pickle and the tensors it refers to.
   *
   * @param tensors the storage {@code i} has the elements of tensor {@code i}
   */
  record Pickle(byte[] bytes, List<StoredTensor> tensors) {}

  static Pickle write(PickleValue value) {
    Pickler pickler = new Pickler();
    pickler.emit(Opcode.PROTO, 2);
    pickler.put(value);
    pickler.emit(Opcode.STOP);
    return new Pickle(pickler.out.toByteArray(), pickler.tensors);
  }

  private void put(PickleValue value) {
    switch (value) {
      case PickleValue.None _ -> emit(Opcode.NONE);
      case PickleValue.Flag(boolean flag) -> emit(flag ? Opcode.NEWTRUE : Opcode.NEWFALSE);
      case PickleValue.Whole(long number) -> put(number);
      case PickleValue.Real(double number) -> {
        emit(Opcode.BINFLOAT);
        out.writeBytes(ByteBuffer.allocate(Double.BYTES).putDouble(number).array());
      }
      case PickleValue.Text(String text) -> put(text);
      case PickleValue.Items(List<PickleValue> items) -> {
        emit(Opcode.EMPTY_LIST);
        emit(Opcode.MARK);
        items.forEach(this::put);
        emit(Opcode.APPENDS);
      }
      case PickleValue.Tuple(List<PickleValue> items) -> {
        emit(Opcode.MARK);
        items.forEach(this::put);
        emit(Opcode.TUPLE);
      }
      case PickleValue.Dictionary(Map<String, PickleValue> items) -> {
        emit(Opcode.EMPTY_DICT);
        emit(Opcode.MARK);
        items.forEach((key, item) -> {
          put(key);
          put(item);
        });
        emit(Opcode.SETITEMS);
      }
      case PickleValue.Tensor(StoredTensor tensor) -> put(tensor);
    }
  }

  private void put(long number) {
    if (number == (int) number) {
      emit(Opcode.BININT);
      fourBytes((int) number);
    } else {
      emit(Opcode.LONG1, Long.BYTES);
      out.writeBytes(
          ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN).putLong(number).array());
    }
  }

  private void put(String text) {
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    emit(Opcode.BINUNICODE);
    fourBytes(utf8.length);
    out.writeBytes(utf8);
  }

  private void fourBytes(int number) {
    out.writeBytes(
        ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN).putInt(number).array());
  }

  /** A call of {@code _rebuild_tensor_v2} on a storage of its own. */
  private void put(StoredTensor tensor) {
    name(AllowedName.REBUILD_TENSOR);
    emit(Opcode.MARK);
    emit(Opcode.MARK);
    put("storage");
    name(AllowedName.storageOf(tensor.type()));
    put(String.valueOf(tensors.size()));
    put("cpu");
    put(tensor.elements());
    emit(Opcode.TUPLE);
    emit(Opcode.BINPERSID);
    put(0);
    wholes(tensor.shape());
    wholes(strides(tensor.shape()));
    emit(Opcode.NEWFALSE);
    name(AllowedName.ORDERED_DICT);
    emit(Opcode.EMPTY_TUPLE);
    emit(Opcode.REDUCE);
    emit(Opcode.TUPLE);
    emit(Opcode.REDUCE);
    tensors.add(tensor);
  }

  private static long[] strides(long[] shape) {
    long[] strides = new long[shape.length];
    long stride = 1;
    for (int i = shape.length - 1; i >= 0; i--) {
      strides[i] = stride;
      stride *= Math.max(1, shape[i]);
    }
    return strides;
  }

  private void wholes(long[] numbers) {
    emit(Opcode.MARK);
    for (long number : numbers) {
      put(number);
    }
    emit(Opcode.TUPLE);
  }

  private void name(AllowedName name) {
    emit(Opcode.GLOBAL);
    out.writeBytes(
        "%s\n%s\n".formatted(name.module(), name.function()).getBytes(StandardCharsets.UTF_8));
  }

  private void emit(Opcode opcode, int... operands) {
    out.write(opcode.code());
    for (int operand : operands) {
      out.write(operand);
    }
  }
}
