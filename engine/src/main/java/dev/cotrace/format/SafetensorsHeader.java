package dev.cotrace.format;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/**
 * The header of one safetensors file: {@code u64 N}, then N bytes of JSON, then the tensors' bytes.
 * Source: the safetensors README, section "Format".
 */
record SafetensorsHeader(Map<String, String> metadata, List<Entry> entries) {
  /** The reference implementation's limit, in bytes. */
  static final long MAX_LENGTH = 100_000_000;

  static final int PREFIX_BYTES = 8;
  static final String METADATA = "__metadata__";

  /** One tensor; {@code begin} and {@code end} are byte offsets from the start of the file. */
  record Entry(String name, StoredType type, List<Long> shape, long begin, long end) {
    long[] dimensions() {
      return shape.stream().mapToLong(Long::longValue).toArray();
    }
  }

  static SafetensorsHeader read(MappedFile file) {
    long length = length(file);
    byte[] text = new byte[(int) length];
    MemorySegment.copy(file.bytes(), ValueLayout.JAVA_BYTE, PREFIX_BYTES, text, 0, text.length);
    if (text.length == 0 || text[0] != '{') {
      throw new MalformedModelException(
          file.path(), PREFIX_BYTES, "expected the safetensors header to begin with {");
    }
    JsonNode root = Json.object(file.path(), PREFIX_BYTES, text);
    long dataStart = PREFIX_BYTES + length;
    Map<String, String> metadata = new LinkedHashMap<>();
    List<Entry> entries = new ArrayList<>();
    for (Map.Entry<String, JsonNode> property : root.properties()) {
      if (property.getKey().equals(METADATA)) {
        readMetadata(file, property.getValue(), metadata);
      } else {
        entries.add(new Parser(file, property.getKey(), property.getValue()).entry(dataStart));
      }
    }
    checkCoverage(file, dataStart, entries);
    return new SafetensorsHeader(metadata, entries);
  }

  private static long length(MappedFile file) {
    if (file.size() < PREFIX_BYTES) {
      throw new MalformedModelException(
          file.path(),
          0,
          "expected a safetensors file of at least 8 bytes, got " + file.size() + " bytes");
    }
    long length = file.bytes().get(Layouts.I64, 0);
    if (length < 0 || length > MAX_LENGTH) {
      throw new MalformedModelException(
          file.path(),
          0,
          "expected a safetensors header of at most %d bytes, got a length of %s"
              .formatted(MAX_LENGTH, Long.toUnsignedString(length)));
    }
    if (length > file.size() - PREFIX_BYTES) {
      throw new MalformedModelException(
          file.path(),
          0,
          "expected a header of %d bytes, but the file ends after %d bytes; fetch it again"
              .formatted(length, file.size()));
    }
    return length;
  }

  private static void readMetadata(MappedFile file, JsonNode node, Map<String, String> metadata) {
    if (!node.isObject()) {
      throw new MalformedModelException(
          file.path(), PREFIX_BYTES, "expected __metadata__ to be an object of strings");
    }
    for (Map.Entry<String, JsonNode> property : node.properties()) {
      if (!property.getValue().isString()) {
        throw new MalformedModelException(
            file.path(),
            PREFIX_BYTES,
            "expected __metadata__ entry %s to be a string".formatted(property.getKey()));
      }
      metadata.put(property.getKey(), property.getValue().stringValue());
    }
  }

  /** Tensors must fill the data part exactly: no holes, no overlap, nothing left over. */
  private static void checkCoverage(MappedFile file, long dataStart, List<Entry> entries) {
    List<Entry> ordered = new ArrayList<>(entries);
    ordered.sort(Comparator.comparingLong(Entry::begin).thenComparingLong(Entry::end));
    long covered = dataStart;
    for (Entry entry : ordered) {
      if (entry.begin() != covered) {
        throw new MalformedModelException(
            file.path(),
            entry.begin(),
            "expected tensor %s to begin where the one before it ends (byte %d): %s"
                .formatted(
                    entry.name(),
                    covered,
                    entry.begin() < covered ? "they overlap" : "there is a hole"));
      }
      covered = entry.end();
    }
    if (covered != file.size()) {
      throw new MalformedModelException(
          file.path(),
          covered,
          "expected the file to end after its last tensor, but it has %d bytes"
              .formatted(file.size()));
    }
  }

  /** Reads one tensor's header entry. */
  private record Parser(MappedFile file, String name, JsonNode node) {
    Entry entry(long dataStart) {
      for (String key : node.propertyNames()) {
        if (!List.of("dtype", "shape", "data_offsets").contains(key)) {
          throw malformed("has the unknown header key " + key);
        }
      }
      StoredType type = type();
      List<Long> shape = longs("shape");
      List<Long> offsets = longs("data_offsets");
      if (offsets.size() != 2) {
        throw malformed("expected two data_offsets, got " + offsets.size());
      }
      long begin = offsets.get(0);
      long end = offsets.get(1);
      long available = file.size() - dataStart;
      if (begin > end || end > available) {
        throw malformed(
            "expected data_offsets in order within %d bytes of data, got [%d, %d]"
                .formatted(available, begin, end));
      }
      checkSize(type, shape, end - begin);
      return new Entry(name, type, shape, dataStart + begin, dataStart + end);
    }

    private StoredType type() {
      JsonNode dtype = node.get("dtype");
      if (dtype == null || !dtype.isString()) {
        throw malformed("expected a dtype string in its header entry");
      }
      return Arrays.stream(StoredType.values())
          .filter(type -> !type.quantised() && type.name().equals(dtype.stringValue()))
          .findFirst()
          .orElseThrow(() ->
              malformed(
                  "expected dtype F64, F32, F16, BF16, F8_E4M3, F8_E5M2, I64, I32, I16, I8, U8 or BOOL, got "
                      + dtype.stringValue()));
    }

    private List<Long> longs(String key) {
      JsonNode array = node.get(key);
      if (array == null || !array.isArray()) {
        throw malformed("expected an array " + key);
      }
      List<Long> values = new ArrayList<>();
      for (JsonNode element : array) {
        if (!element.isIntegralNumber() || !element.canConvertToLong() || element.longValue() < 0) {
          throw malformed("expected %s of whole numbers from 0 to 2^63-1".formatted(key));
        }
        values.add(element.longValue());
      }
      return List.copyOf(values);
    }

    private void checkSize(StoredType type, List<Long> shape, long size) {
      long needed;
      try {
        long[] dimensions = shape.stream().mapToLong(Long::longValue).toArray();
        needed = type.bytes(Shapes.elements(name, dimensions));
      } catch (ArithmeticException | IllegalArgumentException e) {
        throw malformed("expected a size below 2^63 bytes, got shape " + shape);
      }
      if (needed != size) {
        throw malformed(
            "expected %d bytes for %s %s, got data_offsets that span %d"
                .formatted(needed, type, shape, size));
      }
    }

    private MalformedModelException malformed(String reason) {
      return new MalformedModelException(
          file.path(), PREFIX_BYTES, "tensor %s: %s".formatted(name, reason));
    }
  }
}
