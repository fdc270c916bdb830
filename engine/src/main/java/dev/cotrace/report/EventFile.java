package dev.cotrace.report;

import dev.cotrace.format.AtomicFile;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.zip.CRC32C;

/**
 * A file of events for TensorBoard: records of a TFRecord file (length, masked CRC-32C of it,
 * bytes, masked CRC-32C of those), each a message {@code tensorflow.Event}. Numbers in comments are
 * fields of event.proto, summary.proto, tensor.proto and tensor_shape.proto.
 */
public final class EventFile {
  private static final int MASK = 0xa282ead8;
  private static final int DT_STRING = 7;
  private static final int DATA_CLASS_TENSOR = 2;

  private final double seconds;
  private final ByteArrayOutputStream records = new ByteArrayOutputStream();

  /** A file without events yet, all of which will have happened at {@code time}. */
  public EventFile(Instant time) {
    seconds = time.toEpochMilli() / 1000.0;
    add(event(0).text(3, "brain.Event:2")); // file_version
  }

  /** Adds a number to the series {@code tag}. */
  public void scalar(String tag, long step, double value) {
    add(step, new Message().text(1, tag).float32(2, (float) value)); // tag, simple_value
  }

  /** Adds a text in Markdown. */
  public void text(String tag, String markdown) {
    Message plugin = new Message().text(1, "text"); // plugin_name
    Message metadata = new Message().message(1, plugin).varint(4, DATA_CLASS_TENSOR);
    Message shape = new Message().message(2, new Message().varint(1, 1)); // dim, size
    Message tensor = new Message().varint(1, DT_STRING).message(2, shape).text(8, markdown);
    add(0, new Message().text(1, tag).message(8, tensor).message(9, metadata));
  }

  /** Writes the file as a whole. */
  public void write(Path file) throws IOException {
    AtomicFile.write(
        file,
        channel -> {
          ByteBuffer left = ByteBuffer.wrap(records.toByteArray());
          while (left.hasRemaining()) {
            channel.write(left);
          }
        });
  }

  private Message event(long step) {
    return new Message().float64(1, seconds).varint(2, step); // wall_time, step
  }

  private void add(long step, Message value) {
    add(event(step).message(5, new Message().message(1, value))); // summary, value
  }

  private void add(Message event) {
    byte[] bytes = event.bytes.toByteArray();
    byte[] length = little(Long.BYTES).putLong(bytes.length).array();
    records.writeBytes(length);
    records.writeBytes(checksum(length));
    records.writeBytes(bytes);
    records.writeBytes(checksum(bytes));
  }

  private static byte[] checksum(byte[] bytes) {
    CRC32C crc = new CRC32C();
    crc.update(bytes);
    int masked = Integer.rotateRight((int) crc.getValue(), 15) + MASK;
    return little(Integer.BYTES).putInt(masked).array();
  }

  private static ByteBuffer little(int size) {
    return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** The fields of a protobuf message, in the order they are added. */
  private static final class Message {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    /** Zero is what a field has that is not there. */
    Message varint(int field, long value) {
      if (value != 0) {
        number((long) field << 3);
        number(value);
      }
      return this;
    }

    Message float64(int field, double value) {
      number(field << 3 | 1);
      bytes.writeBytes(little(Double.BYTES).putDouble(value).array());
      return this;
    }

    Message float32(int field, float value) {
      number(field << 3 | 5);
      bytes.writeBytes(little(Float.BYTES).putFloat(value).array());
      return this;
    }

    Message text(int field, String text) {
      return sized(field, text.getBytes(StandardCharsets.UTF_8));
    }

    Message message(int field, Message message) {
      return sized(field, message.bytes.toByteArray());
    }

    private Message sized(int field, byte[] content) {
      number(field << 3 | 2);
      number(content.length);
      bytes.writeBytes(content);
      return this;
    }

    private void number(long value) {
      long rest = value;
      while ((rest & ~0x7fL) != 0) {
        bytes.write((int) ((rest & 0x7f) | 0x80));
        rest >>>= 7;
      }
      bytes.write((int) rest);
    }
  }
}
