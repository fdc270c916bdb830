package dev.cotrace.model;

import dev.cotrace.format.StoredType;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Writes GGUF files of version 3; source: ggml's docs/gguf.md. */
final class GgufWriter {
  private static final int ALIGNMENT = 32;

  private record Entry(String name, StoredType type, long[] shape, byte[] data) {}

  private final Map<String, Object> metadata = new LinkedHashMap<>();
  private final List<Entry> tensors = new ArrayList<>();

  /** Sets a key to a {@code String}, {@code Integer} (u32), {@code Float}, or {@code int[]}. */
  GgufWriter put(String key, Object value) {
    metadata.put(key, value);
    return this;
  }

  /** Adds a tensor of F32, its shape in torch order. */
  GgufWriter floats(String name, double[] values, long... shape) {
    ByteBuffer data = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    for (double value : values) {
      data.putFloat((float) value);
    }
    tensors.add(new Entry(name, StoredType.F32, shape, data.array()));
    return this;
  }

  /** Adds a tensor of Q8_0: blocks of 32 signed bytes with one float16 scale. */
  GgufWriter bytes(String name, double[] values, long... shape) {
    ByteBuffer data =
        ByteBuffer.allocate((int) StoredType.Q8_0.bytes(values.length))
            .order(ByteOrder.LITTLE_ENDIAN);
    for (int block = 0; block < values.length; block += 32) {
      short scale = scale(values, block);
      data.putShort(scale);
      for (int i = block; i < block + 32; i++) {
        data.put((byte) Math.round(values[i] / Float.float16ToFloat(scale)));
      }
    }
    tensors.add(new Entry(name, StoredType.Q8_0, shape, data.array()));
    return this;
  }

  /** What {@link #bytes} stores of {@code values}. */
  static double[] rounded(double[] values) {
    double[] rounded = new double[values.length];
    for (int i = 0; i < values.length; i++) {
      float scale = Float.float16ToFloat(scale(values, i - i % 32));
      rounded[i] = scale * Math.round(values[i] / scale);
    }
    return rounded;
  }

  /** The largest value becomes at most 126, so that a scale that was rounded down still fits. */
  private static short scale(double[] values, int block) {
    double largest = 0;
    for (int i = block; i < block + 32; i++) {
      largest = Math.max(largest, Math.abs(values[i]));
    }
    return Float.floatToFloat16((float) (largest / 126));
  }

  void write(Path file) throws IOException {
    ByteArrayOutputStream data = new ByteArrayOutputStream();
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes("GGUF".getBytes(StandardCharsets.US_ASCII));
    put(out, 4, 3);
    put(out, 8, tensors.size());
    put(out, 8, metadata.size());
    metadata.forEach((key, value) -> {
      text(out, key);
      value(out, value);
    });
    for (Entry tensor : tensors) {
      text(out, tensor.name);
      put(out, 4, tensor.shape.length);
      for (int i = tensor.shape.length - 1; i >= 0; i--) {
        put(out, 8, tensor.shape[i]);
      }
      put(out, 4, tensor.type == StoredType.F32 ? 0 : 8);
      put(out, 8, data.size());
      data.writeBytes(tensor.data);
      pad(data);
    }
    pad(out);
    out.writeBytes(data.toByteArray());
    Files.write(file, out.toByteArray());
  }

  private static void value(ByteArrayOutputStream out, Object value) {
    switch (value) {
      case String text -> {
        put(out, 4, 8);
        text(out, text);
      }
      case Integer number -> {
        put(out, 4, 4);
        put(out, 4, number);
      }
      case Float number -> {
        put(out, 4, 6);
        put(out, 4, Float.floatToIntBits(number));
      }
      case int[] numbers -> {
        put(out, 4, 9);
        put(out, 4, 4);
        put(out, 8, numbers.length);
        for (int number : numbers) {
          put(out, 4, number);
        }
      }
      default -> throw new IllegalArgumentException("no GGUF type for " + value);
    }
  }

  private static void text(ByteArrayOutputStream out, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    put(out, 8, bytes.length);
    out.writeBytes(bytes);
  }

  /** The lowest {@code bytes} bytes of {@code value}, lowest first. */
  private static void put(ByteArrayOutputStream out, int bytes, long value) {
    for (int i = 0; i < bytes; i++) {
      out.write((int) (value >> (8 * i)));
    }
  }

  private static void pad(ByteArrayOutputStream out) {
    while (out.size() % ALIGNMENT != 0) {
      out.write(0);
    }
  }
}
