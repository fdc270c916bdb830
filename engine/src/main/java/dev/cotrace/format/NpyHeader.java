package dev.cotrace.format;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The header of one {@code .npy} array: a magic number, a version, a length, and a Python
 * dictionary padded with spaces. Source: numpy.lib.format, "Format Version 1.0" to "3.0".
 *
 * @param type of the elements
 * @param fortran whether the first dimension is contiguous, not the last
 * @param shape empty for a scalar
 * @param length bytes of the header itself; the elements follow
 */
record NpyHeader(StoredType type, boolean fortran, List<Long> shape, int length) {
  /** NumPy's own limit, in bytes of text. */
  private static final int LONGEST = 10_000;

  /** Magic number, version, and the longer of the two kinds of length. */
  private static final int PREFIX = 12;

  private static final int MOST_DIMENSIONS = 64;

  private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};

  /** What a header fits into. */
  static final int MOST_BYTES = PREFIX + LONGEST;

  private static final Pattern ITEM =
      Pattern.compile(
          "\\s*'(descr|fortran_order|shape)'\\s*:\\s*('[^']{0,40}'|True|False|\\([0-9, ]*\\))\\s*(,?)");

  /** Whether {@code bytes} begin as an array does. */
  static boolean begins(MemorySegment bytes) {
    return bytes.byteSize() >= MAGIC.length
        && bytes.asSlice(0, MAGIC.length).mismatch(MemorySegment.ofArray(MAGIC)) == -1;
  }

  /** Number of elements. */
  long elements(String name) {
    return Shapes.elements(name, dimensions());
  }

  long[] dimensions() {
    return shape.stream().mapToLong(Long::longValue).toArray();
  }

  /**
   * Reads the header at the beginning of {@code bytes}.
   *
   * @param at where they begin in {@code file}, for errors
   * @param name of the array, for errors
   */
  static NpyHeader read(Path file, long at, String name, MemorySegment bytes) {
    return new Parser(file, at, name).read(bytes);
  }

  private record Parser(Path file, long at, String name) {
    NpyHeader read(MemorySegment bytes) {
      if (!begins(bytes) || bytes.byteSize() < PREFIX) {
        throw malformed("expected it to begin as a .npy array of NumPy does");
      }
      int version = bytes.get(ValueLayout.JAVA_BYTE, 6);
      if (version < 1 || version > 3 || bytes.get(ValueLayout.JAVA_BYTE, 7) != 0) {
        throw malformed(
            "expected version 1.0, 2.0 or 3.0 of the format, got %d.%d"
                .formatted(version, bytes.get(ValueLayout.JAVA_BYTE, 7)));
      }
      int start = version == 1 ? 10 : 12;
      long length =
          version == 1
              ? Short.toUnsignedInt(bytes.get(Layouts.I16, 8))
              : Integer.toUnsignedLong(bytes.get(Layouts.I32, 8));
      if (length > Math.min(LONGEST, bytes.byteSize() - start)) {
        throw malformed(
            "expected a header of at most %d bytes inside the array's %d, got %d"
                .formatted(LONGEST, bytes.byteSize(), length));
      }
      ByteBuffer text = bytes.asSlice(start, length).asByteBuffer();
      return header(Json.utf8(file, at, text).strip(), start + (int) length);
    }

    private NpyHeader header(String text, int length) {
      String descr = null;
      String fortran = null;
      String shape = null;
      boolean framed = text.startsWith("{") && text.endsWith("}");
      String items = framed ? text.substring(1, text.length() - 1) : "";
      Matcher item = ITEM.matcher(items);
      int end = 0;
      boolean open = framed;
      while (open && item.region(end, items.length()).lookingAt()) {
        switch (item.group(1)) {
          case "descr" -> descr = once(descr, item);
          case "fortran_order" -> fortran = once(fortran, item);
          default -> shape = once(shape, item);
        }
        end = item.end();
        open = !item.group(3).isEmpty();
      }
      boolean understood = framed && items.substring(end).isBlank();
      if (!understood || descr == null || fortran == null || shape == null) {
        throw malformed(
            "expected a header such as {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }, got "
                + Json.excerpt(text));
      }
      return new NpyHeader(type(descr), fortran(fortran), shape(shape), length);
    }

    private String once(@Nullable String before, Matcher item) {
      if (before != null) {
        throw malformed("expected one %s in its header, got two".formatted(item.group(1)));
      }
      return item.group(2);
    }

    private StoredType type(String descr) {
      return switch (descr) {
        case "'<f8'" -> StoredType.F64;
        case "'<f4'" -> StoredType.F32;
        case "'<f2'" -> StoredType.F16;
        case "'<i8'" -> StoredType.I64;
        case "'<i4'" -> StoredType.I32;
        case "'<i2'" -> StoredType.I16;
        case "'|i1'" -> StoredType.I8;
        case "'|u1'" -> StoredType.U8;
        case "'|b1'" -> StoredType.BOOL;
        case "'|O'" ->
            throw malformed(
                "expected numbers, got Python objects, which are a pickle that can run code and is not read here");
        default ->
            throw malformed(
                "expected elements <f8, <f4, <f2, <i8, <i4, <i2, |i1, |u1 or |b1, got %s"
                    .formatted(Json.excerpt(descr)));
      };
    }

    private boolean fortran(String value) {
      return switch (value) {
        case "True" -> true;
        case "False" -> false;
        default -> throw malformed("expected fortran_order True or False, got " + value);
      };
    }

    /** {@code ()}, {@code (3,)} or {@code (2, 3)}. */
    private List<Long> shape(String tuple) {
      List<Long> shape = new ArrayList<>();
      try {
        if (!tuple.startsWith("(")) {
          throw new NumberFormatException(tuple);
        }
        String inside = tuple.substring(1, tuple.length() - 1).strip();
        boolean single = inside.endsWith(",");
        String[] parts = inside.isEmpty() ? new String[0] : inside.split(",", -1);
        int count = single ? parts.length - 1 : parts.length;
        if (count > MOST_DIMENSIONS || (count == 1 && !single)) {
          throw new NumberFormatException(tuple);
        }
        for (int i = 0; i < count; i++) {
          shape.add(Long.parseLong(parts[i].strip()));
        }
        NpyHeader header = new NpyHeader(StoredType.F64, false, shape, 0);
        StoredType.F64.bytes(header.elements(name));
      } catch (IllegalArgumentException | ArithmeticException e) {
        throw malformed(
            "expected a shape such as (2, 3) of an array below 2^63 bytes, got "
                + Json.excerpt(tuple));
      }
      return List.copyOf(shape);
    }

    private MalformedModelException malformed(String reason) {
      return new MalformedModelException(
          file, at, "array %s: %s".formatted(ZipDirectory.shown(name), reason));
    }
  }
}
