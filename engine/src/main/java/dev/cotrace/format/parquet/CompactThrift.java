package dev.cotrace.format.parquet;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads one struct of Thrift's compact protocol: Parquet's page headers and page indexes. Stricter
 * than the protocol, so that no two readers can understand a struct differently: field ids must
 * rise.
 */
final class CompactThrift {
  private static final int DEEPEST = 16;
  private static final int LONGEST_LIST = 1 << 20;

  private final ByteBuffer bytes;

  private CompactThrift(ByteBuffer bytes) {
    this.bytes = bytes;
  }

  /**
   * The fields of the struct at the position of {@code bytes}, which moves behind it: Boolean, Long
   * for all whole numbers, Double, String, List and Map of Integer for structs.
   *
   * @throws IllegalArgumentException when the bytes are none
   */
  static Map<Integer, Object> struct(ByteBuffer bytes) {
    try {
      return new CompactThrift(bytes).fields(0);
    } catch (BufferUnderflowException e) {
      throw new IllegalArgumentException("a header goes on after the end of what holds it", e);
    }
  }

  private Map<Integer, Object> fields(int depth) {
    if (depth > DEEPEST) {
      throw new IllegalArgumentException("a header is nested too deep");
    }
    Map<Integer, Object> fields = new HashMap<>();
    int id = 0;
    for (int head = bytes.get() & 0xff; head != 0; head = bytes.get() & 0xff) {
      int before = id;
      id = head >>> 4 == 0 ? Math.toIntExact(zigzag()) : id + (head >>> 4);
      if (id <= before) {
        throw new IllegalArgumentException("the fields of a header are not in order");
      }
      int type = head & 0xf;
      fields.put(id, type == 1 || type == 2 ? (Object) (type == 1) : value(type, depth));
    }
    return fields;
  }

  private Object value(int type, int depth) {
    return switch (type) {
      case 1, 2 -> bytes.get() == 1;
      case 3 -> (long) bytes.get();
      case 4, 5, 6 -> zigzag();
      case 7 -> bytes.getDouble();
      case 8 -> text();
      case 9, 10 -> list(depth);
      case 12 -> fields(depth + 1);
      default -> throw new IllegalArgumentException("a header has a field of type " + type);
    };
  }

  private List<Object> list(int depth) {
    int head = bytes.get() & 0xff;
    long size = head >>> 4 == 15 ? varint() : head >>> 4;
    if (size < 0 || size > Math.min(LONGEST_LIST, bytes.remaining()) || depth > DEEPEST) {
      throw new IllegalArgumentException("a header has a list of %d entries".formatted(size));
    }
    List<Object> list = new ArrayList<>();
    for (long i = 0; i < size; i++) {
      list.add(value(head & 0xf, depth + 1));
    }
    return list;
  }

  private String text() {
    long length = varint();
    if (length < 0 || length > bytes.remaining()) {
      throw new IllegalArgumentException("a header has a text of %d bytes".formatted(length));
    }
    byte[] text = new byte[(int) length];
    bytes.get(text);
    return new String(text, StandardCharsets.ISO_8859_1);
  }

  private long zigzag() {
    long n = varint();
    return (n >>> 1) ^ -(n & 1);
  }

  private long varint() {
    return varint(bytes);
  }

  /** An unsigned number of seven bits a byte, the lowest first. */
  static long varint(ByteBuffer bytes) {
    long n = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      byte next = bytes.get();
      n |= (next & 0x7fL) << shift;
      if (next >= 0) {
        return n;
      }
    }
    throw new IllegalArgumentException("a header has a number of more than ten bytes");
  }
}
