package dev.cotrace.format.pickle;

import dev.cotrace.format.MalformedModelException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** A cursor over a pickle that never leaves it, and the errors of reading one. */
final class PickleBytes {
  private static final int MOST_SHOWN = 80;

  private final Path file;
  private final ByteBuffer bytes;
  private int at;

  /**
   * @param file the archive, for errors
   */
  PickleBytes(Path file, byte[] pickle) {
    this.file = file;
    bytes = ByteBuffer.wrap(pickle).order(ByteOrder.LITTLE_ENDIAN);
  }

  boolean atEnd() {
    return !bytes.hasRemaining();
  }

  /** The next instruction; errors are reported there until the next one. */
  Opcode opcode() {
    at = bytes.position();
    int code = u8();
    return Opcode.of(code)
        .orElseThrow(() ->
            malformed(
                "instruction 0x%02x is refused: only those that build plain values are run"
                    .formatted(code)));
  }

  int u8() {
    require(1);
    return Byte.toUnsignedInt(bytes.get());
  }

  int u16() {
    require(2);
    return Short.toUnsignedInt(bytes.getShort());
  }

  int i32() {
    require(4);
    return bytes.getInt();
  }

  /** A float, which pickles alone keep big-endian. */
  double f64() {
    require(8);
    return Double.longBitsToDouble(Long.reverseBytes(bytes.getLong()));
  }

  /** A two's complement integer whose length, a byte, comes first. */
  long longInteger() {
    int length = u8();
    if (length > Long.BYTES) {
      throw malformed("expected an integer of at most 8 bytes, got %d".formatted(length));
    }
    require(length);
    long value = 0;
    for (int i = 0; i < length; i++) {
      value |= (long) Byte.toUnsignedInt(bytes.get()) << (8 * i);
    }
    int unused = Long.SIZE - 8 * length;
    return length == 0 ? 0 : value << unused >> unused;
  }

  /** UTF-8 whose length, four bytes, comes first. */
  String string() {
    int length = i32();
    if (length < 0 || length > bytes.remaining()) {
      throw malformed(
          "a string of %d bytes does not fit in the %d that are left"
              .formatted(Integer.toUnsignedLong(length), bytes.remaining()));
    }
    return utf8(length);
  }

  /** UTF-8 up to a line break. */
  String line() {
    int end = bytes.position();
    while (end < bytes.limit() && bytes.get(end) != '\n') {
      end++;
    }
    if (end == bytes.limit()) {
      throw malformed("a name does not end");
    }
    String text = utf8(end - bytes.position());
    bytes.get();
    return text;
  }

  private String utf8(int length) {
    ByteBuffer text = bytes.slice(bytes.position(), length);
    bytes.position(bytes.position() + length);
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(text).toString();
    } catch (CharacterCodingException e) {
      throw malformed("expected UTF-8 text, got bytes that are not");
    }
  }

  private void require(int length) {
    if (bytes.remaining() < length) {
      throw malformed("the pickle ends within an instruction; save the file again");
    }
  }

  /** An error at the last instruction. */
  MalformedModelException malformed(String reason) {
    return new MalformedModelException(file, at, "in its data.pkl, " + reason);
  }

  /** Text of the file in quotes, safe and short enough to show. */
  static String shown(String text) {
    String line = text.replaceAll("[^\\x20-\\x7e]", "?");
    return "'%s'"
        .formatted(line.length() <= MOST_SHOWN ? line : line.substring(0, MOST_SHOWN) + "…");
  }
}
