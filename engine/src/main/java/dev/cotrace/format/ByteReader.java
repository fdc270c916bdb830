package dev.cotrace.format;

import java.lang.foreign.ValueLayout;

/** A cursor over a mapped little-endian file that never leaves it. */
final class ByteReader {
  /** Twice the largest whole tokenizer that files carry in one string. */
  private static final int LONGEST_STRING = 1 << 26;

  private final MappedFile file;
  private long position;

  ByteReader(MappedFile file) {
    this.file = file;
  }

  long position() {
    return position;
  }

  long remaining() {
    return file.size() - position;
  }

  byte i8(String what) {
    return file.bytes().get(ValueLayout.JAVA_BYTE, advance(1, what));
  }

  short i16(String what) {
    return file.bytes().get(Layouts.I16, advance(2, what));
  }

  int i32(String what) {
    return file.bytes().get(Layouts.I32, advance(4, what));
  }

  long i64(String what) {
    return file.bytes().get(Layouts.I64, advance(8, what));
  }

  float f32(String what) {
    return file.bytes().get(Layouts.F32, advance(4, what));
  }

  double f64(String what) {
    return file.bytes().get(Layouts.F64, advance(8, what));
  }

  /** A {@code u64} count of items that take at least {@code minimumBytes} each in what is left. */
  int count(long minimumBytes, String what) {
    long at = position;
    long count = i64(what);
    if (count < 0 || count > remaining() / minimumBytes || count > Integer.MAX_VALUE - 8) {
      throw malformed(
          at,
          "expected a %s that fits in the remaining %d bytes, got %s"
              .formatted(what, remaining(), Long.toUnsignedString(count)));
    }
    return (int) count;
  }

  /** A string: {@code u64} length in bytes, then UTF-8. */
  String string(String what) {
    long start = position;
    int length = count(1, "length of " + what);
    if (length > LONGEST_STRING) {
      throw malformed(
          start, "expected %s of at most %d bytes, got %d".formatted(what, LONGEST_STRING, length));
    }
    long at = advance(length, what);
    return Json.utf8(file.path(), at, file.bytes().asSlice(at, length).asByteBuffer());
  }

  MalformedModelException malformed(long at, String reason) {
    return new MalformedModelException(file.path(), at, reason);
  }

  private long advance(long bytes, String what) {
    if (bytes > remaining()) {
      throw malformed(
          position,
          "expected %d bytes of %s, but the file ends after %d; fetch it again"
              .formatted(bytes, what, remaining()));
    }
    long at = position;
    position += bytes;
    return at;
  }
}
