package dev.cotrace.format;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Parses the header of one GGUF file: magic, version, counts, metadata, tensor descriptions.
 * Source: ggml's docs/gguf.md.
 */
final class GgufReader {
  private static final int MAGIC = 0x46554747; // "GGUF" read as a little-endian u32
  private static final int MAX_DIMENSIONS = 4;
  private static final int MAX_NESTING = 4;

  /** Least bytes of a metadata entry: key length, type, one byte of value. */
  private static final int MIN_ENTRY_BYTES = 8 + 4 + 1;

  /** Least bytes of a tensor description: name length, rank, type, offset. */
  private static final int MIN_TENSOR_BYTES = 8 + 4 + 4 + 8;

  /** Tokens, scores, types and merges of the largest vocabularies are a tenth of it. */
  private static final long MAX_ITEMS = 1 << 24;

  private static final int MAX_ENTRIES = 1 << 20;

  private final ByteReader reader;
  private long items; // of all arrays so far

  GgufReader(MappedFile file) {
    this.reader = new ByteReader(file);
  }

  /** A tensor as described; {@code offset} is relative to the data part. */
  record Description(
      String name, StoredType type, List<Long> shape, long offset, long describedAt) {}

  record Header(Map<String, GgufValue> metadata, List<Description> tensors, long end) {}

  Header read() {
    checkMagicAndVersion();
    int tensorCount = reader.count(MIN_TENSOR_BYTES, "tensor count");
    int entryCount = reader.count(MIN_ENTRY_BYTES, "metadata count");
    if (tensorCount > MAX_ENTRIES || entryCount > MAX_ENTRIES) {
      throw reader.malformed(
          8,
          "expected at most %d tensors and metadata keys, got %d and %d"
              .formatted(MAX_ENTRIES, tensorCount, entryCount));
    }
    Map<String, GgufValue> metadata = new LinkedHashMap<>();
    for (int i = 0; i < entryCount; i++) {
      long at = reader.position();
      String key = reader.string("a metadata key");
      if (metadata.containsKey(key)) {
        throw reader.malformed(at, "expected distinct metadata keys, got %s twice".formatted(key));
      }
      metadata.put(key, value(reader.i32("a metadata type"), key, 0));
    }
    List<Description> tensors = new ArrayList<>();
    for (int i = 0; i < tensorCount; i++) {
      tensors.add(description());
    }
    return new Header(metadata, tensors, reader.position());
  }

  private void checkMagicAndVersion() {
    if (reader.i32("the GGUF magic") != MAGIC) {
      throw reader.malformed(0, "expected a GGUF file, which begins with the letters GGUF");
    }
    int version = reader.i32("the GGUF version");
    if (version != 2 && version != 3) {
      boolean swapped = Integer.reverseBytes(version) == 2 || Integer.reverseBytes(version) == 3;
      throw reader.malformed(
          4,
          swapped
              ? "expected a little-endian GGUF file, got a big-endian one; convert it again"
              : "expected GGUF version 2 or 3, got %s; convert the model again with a current tool"
                  .formatted(Integer.toUnsignedString(version)));
    }
  }

  private GgufValue value(int type, String key, int depth) {
    return switch (type) {
      case 0 -> new GgufValue.Whole(reader.i8(key) & 0xff);
      case 1 -> new GgufValue.Whole(reader.i8(key));
      case 2 -> new GgufValue.Whole(reader.i16(key) & 0xffff);
      case 3 -> new GgufValue.Whole(reader.i16(key));
      case 4 -> new GgufValue.Whole(Integer.toUnsignedLong(reader.i32(key)));
      case 5 -> new GgufValue.Whole(reader.i32(key));
      case 6 -> new GgufValue.Real(reader.f32(key));
      case 7 -> flag(key);
      case 8 -> new GgufValue.Text(reader.string(key));
      case 9 -> items(key, depth);
      case 10 -> unsignedLong(key);
      case 11 -> new GgufValue.Whole(reader.i64(key));
      case 12 -> new GgufValue.Real(reader.f64(key));
      default ->
          throw reader.malformed(
              reader.position() - 4,
              "expected a value type from 0 to 12 for metadata key %s, got %s"
                  .formatted(key, Integer.toUnsignedString(type)));
    };
  }

  private GgufValue flag(String key) {
    byte value = reader.i8(key);
    if (value != 0 && value != 1) {
      throw reader.malformed(
          reader.position() - 1,
          "expected 0 or 1 for boolean metadata key %s, got %d".formatted(key, value));
    }
    return new GgufValue.Flag(value == 1);
  }

  private GgufValue unsignedLong(String key) {
    long value = reader.i64(key);
    if (value < 0) {
      throw reader.malformed(
          reader.position() - 8,
          "expected metadata key %s below 2^63, got %s"
              .formatted(key, Long.toUnsignedString(value)));
    }
    return new GgufValue.Whole(value);
  }

  private GgufValue items(String key, int depth) {
    if (depth == MAX_NESTING) {
      throw reader.malformed(
          reader.position(),
          "expected arrays nested at most %d deep, got more under metadata key %s"
              .formatted(MAX_NESTING, key));
    }
    int type = reader.i32(key);
    long at = reader.position();
    int count = reader.count(leastBytes(type), "length of array " + key);
    items += count;
    if (items > MAX_ITEMS) {
      throw reader.malformed(
          at, "expected at most %d array items, got more under %s".formatted(MAX_ITEMS, key));
    }
    List<GgufValue> values = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      values.add(value(type, key, depth + 1));
    }
    return new GgufValue.Items(values);
  }

  /** Least bytes of one value of a type; an unknown type fails at its first value. */
  private static int leastBytes(int type) {
    return switch (type) {
      case 2, 3 -> 2;
      case 4, 5, 6 -> 4;
      case 8, 10, 11, 12 -> 8;
      case 9 -> 12;
      default -> 1;
    };
  }

  private Description description() {
    long at = reader.position();
    String name = reader.string("a tensor name");
    int rank = reader.i32("the rank of tensor " + name);
    if (rank < 0 || rank > MAX_DIMENSIONS) {
      throw reader.malformed(
          at, "expected tensor %s to have at most 4 dimensions, got %d".formatted(name, rank));
    }
    List<Long> shape = new ArrayList<>();
    for (int i = 0; i < rank; i++) {
      // GGUF lists the contiguous dimension first, torch lists it last.
      shape.addFirst(reader.i64("a dimension of tensor " + name));
    }
    StoredType type = type(at, name, reader.i32("the type of tensor " + name));
    long offset = reader.i64("the offset of tensor " + name);
    return new Description(name, type, List.copyOf(shape), offset, at);
  }

  private StoredType type(long at, String name, int id) {
    return switch (id) {
      case 0 -> StoredType.F32;
      case 1 -> StoredType.F16;
      case 2 -> StoredType.Q4_0;
      case 3 -> StoredType.Q4_1;
      case 6 -> StoredType.Q5_0;
      case 7 -> StoredType.Q5_1;
      case 8 -> StoredType.Q8_0;
      case 12 -> StoredType.Q4_K;
      case 13 -> StoredType.Q5_K;
      case 14 -> StoredType.Q6_K;
      case 24 -> StoredType.I8;
      case 25 -> StoredType.I16;
      case 26 -> StoredType.I32;
      case 27 -> StoredType.I64;
      case 28 -> StoredType.F64;
      case 30 -> StoredType.BF16;
      default ->
          throw reader.malformed(
              at,
              "expected tensor %s to be F32, F16, BF16, F64, an integer type, Q4_0, Q4_1, Q5_0, "
                      .formatted(name)
                  + "Q5_1, Q8_0, Q4_K, Q5_K or Q6_K, got ggml type %s; quantise it as one of these"
                      .formatted(Integer.toUnsignedString(id)));
    };
  }
}
