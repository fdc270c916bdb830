package dev.cotrace.format;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Writes safetensors files as the reference implementation lays them out. */
final class SafetensorsWriter {
  /** The data part begins at a multiple of this many bytes; the header is padded with spaces. */
  private static final int ALIGNMENT = 8;

  /** Wide elements first, so that every tensor is aligned to its element size; then by name. */
  private static final Comparator<StoredTensor> ORDER =
      Comparator.comparingInt((StoredTensor tensor) -> tensor.type().blockBytes())
          .reversed()
          .thenComparing(StoredTensor::name);

  private SafetensorsWriter() {}

  static void write(Path file, Map<String, String> metadata, Collection<StoredTensor> tensors)
      throws IOException {
    check(tensors);
    List<StoredTensor> ordered = tensors.stream().sorted(ORDER).toList();
    byte[] header = header(metadata, ordered);
    AtomicFile.write(
        file,
        channel -> {
          ByteBuffer prefix = ByteBuffer.allocate(8 + header.length);
          prefix.order(ByteOrder.LITTLE_ENDIAN).putLong(header.length).put(header).flip();
          writeFully(channel, prefix);
          for (StoredTensor tensor : ordered) {
            writeBytes(channel, tensor.bytes());
          }
        });
  }

  private static void check(Collection<StoredTensor> tensors) {
    Set<String> names = new HashSet<>();
    for (StoredTensor tensor : tensors) {
      if (tensor.type().quantised()) {
        throw new IllegalArgumentException(
            "tensor %s: safetensors has no %s; decode it first"
                .formatted(tensor.name(), tensor.type()));
      }
      if (!names.add(tensor.name()) || tensor.name().equals(SafetensorsHeader.METADATA)) {
        throw new IllegalArgumentException(
            "expected distinct tensor names other than %s, got %s"
                .formatted(SafetensorsHeader.METADATA, tensor.name()));
      }
    }
  }

  private static byte[] header(Map<String, String> metadata, List<StoredTensor> tensors) {
    ObjectNode root = Json.MAPPER.createObjectNode();
    Map<String, String> strings = new TreeMap<>(metadata);
    strings.put("format", "pt");
    strings.forEach(root.putObject(SafetensorsHeader.METADATA)::put);
    long offset = 0;
    for (StoredTensor tensor : tensors) {
      ObjectNode entry = root.putObject(tensor.name()).put("dtype", tensor.type().name());
      ArrayNode shape = entry.putArray("shape");
      for (long dimension : tensor.shape()) {
        shape.add(dimension);
      }
      long end = offset + tensor.bytes().byteSize();
      entry.putArray("data_offsets").add(offset).add(end);
      offset = end;
    }
    String json = Json.MAPPER.writeValueAsString(root);
    int length = json.getBytes(StandardCharsets.UTF_8).length;
    byte[] padded =
        (json + " ".repeat(Math.floorMod(-length, ALIGNMENT))).getBytes(StandardCharsets.UTF_8);
    if (padded.length > SafetensorsHeader.MAX_LENGTH) {
      throw new IllegalArgumentException(
          "expected a safetensors header of at most %d bytes, got %d from %d tensors"
              .formatted(SafetensorsHeader.MAX_LENGTH, padded.length, tensors.size()));
    }
    return padded;
  }

  private static void writeBytes(FileChannel channel, MemorySegment bytes) throws IOException {
    ByteBuffer chunk =
        ByteBuffer.allocateDirect((int) Math.min(1 << 20, Math.max(1, bytes.byteSize())));
    for (long at = 0; at < bytes.byteSize(); at += chunk.capacity()) {
      long length = Math.min(chunk.capacity(), bytes.byteSize() - at);
      MemorySegment.copy(bytes, at, MemorySegment.ofBuffer(chunk.clear()), 0, length);
      writeFully(channel, chunk.limit((int) length));
    }
  }

  private static void writeFully(FileChannel channel, ByteBuffer buffer) throws IOException {
    while (buffer.hasRemaining()) {
      channel.write(buffer);
    }
  }
}
