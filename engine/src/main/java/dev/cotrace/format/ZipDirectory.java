package dev.cotrace.format;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * The members that the central directory of a mapped zip archive lists, ZIP64 included. Each lies
 * inside the archive and none shares bytes with another, so that all of them together are no more
 * than the archive's bytes unpacked once. Source: PKWARE's APPNOTE 6.3.10, sections 4.3 and 4.5.
 */
final class ZipDirectory {
  private static final int END = 0x06054b50;
  private static final int END_BYTES = 22;
  private static final int LONGEST_COMMENT = 0xffff;
  private static final int LOCATOR_64 = 0x07064b50;
  private static final int LOCATOR_64_BYTES = 20;
  private static final int END_64 = 0x06064b50;
  private static final int END_64_BYTES = 56;
  private static final int ENTRY = 0x02014b50;
  private static final int ENTRY_BYTES = 46;
  private static final int LOCAL = 0x04034b50;
  private static final int LOCAL_BYTES = 30;

  /** In a 16- or 32-bit field: the value stands in a field of ZIP64. */
  private static final int ELSEWHERE_16 = 0xffff;

  private static final long ELSEWHERE_32 = 0xffff_ffffL;
  private static final int SIZES_64 = 1;
  private static final int STORED = 0;
  private static final int DEFLATED = 8;

  /** DEFLATE makes at most 258 bytes of two bits, one of which ends the block's work early. */
  private static final long MOST_INFLATION = 1032;

  private final MappedFile file;

  private ZipDirectory(MappedFile file) {
    this.file = file;
  }

  /** Where the directory lies. */
  private record Place(long start, long bytes, long entries) {}

  /**
   * The members in the directory's order.
   *
   * @throws MalformedModelException when the archive is damaged, encrypted, in parts, or compressed
   *     otherwise than by DEFLATE
   */
  static List<ZipMember> members(MappedFile file) {
    ZipDirectory directory = new ZipDirectory(file);
    Place place = directory.place();
    List<ZipMember> members = new ArrayList<>();
    long at = place.start;
    for (long i = 0; i < place.entries; i++) {
      directory.require(at, ENTRY, "an entry of the zip directory");
      members.add(directory.member(at, place));
      at += directory.entryBytes(at);
    }
    if (at != place.start + place.bytes) {
      throw directory.malformed(
          at, "expected the zip directory to end with its %d entries".formatted(place.entries));
    }
    directory.checkApart(members);
    return members;
  }

  private Place place() {
    long end = end();
    if (u16(end + 8) != u16(end + 10)) {
      throw malformed(end, "expected a zip archive in one file, got one of several");
    }
    Place place = new Place(u32(end + 16), u32(end + 12), u16(end + 10));
    long behind = end;
    if (place.entries == ELSEWHERE_16
        || place.bytes == ELSEWHERE_32
        || place.start == ELSEWHERE_32) {
      long locator = end - LOCATOR_64_BYTES;
      require(locator, LOCATOR_64, "the locator of ZIP64");
      behind = i64(locator + 8);
      require(behind, END_64, "the end record of ZIP64");
      if (behind > locator - END_64_BYTES) {
        throw malformed(locator, "expected the end record of ZIP64 before its locator");
      }
      place = new Place(i64(behind + 48), i64(behind + 40), i64(behind + 32));
    }
    boolean inside = place.start >= 0 && place.bytes >= 0 && place.start <= behind - place.bytes;
    if (!inside || place.start + place.bytes != behind) {
      throw malformed(
          end,
          "expected the zip directory right before its end at byte %d, got %d bytes from %d on"
              .formatted(behind, place.bytes, place.start));
    }
    if (place.entries < 0 || place.entries > place.bytes / ENTRY_BYTES) {
      throw malformed(
          end,
          "expected entries that fit into %d bytes of zip directory, got %s"
              .formatted(place.bytes, Long.toUnsignedString(place.entries)));
    }
    return place;
  }

  /** The end record is last; only a comment of the length that it tells may follow. */
  private long end() {
    long last = file.size() - END_BYTES;
    for (long at = last; at >= Math.max(0, last - LONGEST_COMMENT); at--) {
      if (i32(at) == END && u16(at + 20) == last - at) {
        return at;
      }
    }
    throw malformed(
        0, "expected a zip archive, found no end of one; fetch it again if it was cut short");
  }

  private ZipMember member(long at, Place place) {
    String name = name(at);
    if ((u16(at + 8) & 1) != 0) {
      throw malformed(at, "expected open members, but %s is encrypted".formatted(shown(name)));
    }
    int method = u16(at + 10);
    if (method != STORED && method != DEFLATED) {
      throw malformed(
          at,
          "expected members stored or compressed by DEFLATE, but %s is compressed by method %d"
              .formatted(shown(name), method));
    }
    Sizes sizes = new Sizes(at, name);
    long bytes = sizes.next(u32(at + 24));
    long packed = sizes.next(u32(at + 20));
    long header = sizes.next(u32(at + 42));
    require(header, LOCAL, "the header of " + shown(name));
    long start = header + LOCAL_BYTES + u16(header + 26) + u16(header + 28);
    if (packed < 0 || start > place.start - packed) {
      throw malformed(
          header,
          "expected %s to lie before the zip directory, got %d bytes from %d on"
              .formatted(shown(name), packed, start));
    }
    boolean possible =
        method == STORED ? bytes == packed : bytes >= 0 && bytes / MOST_INFLATION <= packed;
    if (!possible) {
      throw malformed(
          at,
          "expected no more from %s than its %d bytes can hold, got a claim of %d"
              .formatted(shown(name), packed, bytes));
    }
    return new ZipMember(name, method == DEFLATED, start, packed, bytes, u32(at + 16), header);
  }

  /** Else a few bytes, listed many times, would unpack to any size. */
  private void checkApart(List<ZipMember> members) {
    List<ZipMember> ordered = new ArrayList<>(members);
    ordered.sort(Comparator.comparingLong(ZipMember::header));
    for (int i = 1; i < ordered.size(); i++) {
      if (ordered.get(i).header() < ordered.get(i - 1).end()) {
        throw malformed(
            ordered.get(i).header(),
            "expected members apart, but %s and %s overlap"
                .formatted(shown(ordered.get(i - 1).name()), shown(ordered.get(i).name())));
      }
    }
  }

  private String name(long at) {
    int length = u16(at + 28);
    checkInside(at + ENTRY_BYTES, length);
    return Json.utf8(
        file.path(),
        at + ENTRY_BYTES,
        file.bytes().asSlice(at + ENTRY_BYTES, length).asByteBuffer());
  }

  private long entryBytes(long at) {
    return (long) ENTRY_BYTES + u16(at + 28) + u16(at + 30) + u16(at + 32);
  }

  /** Reads sizes that may stand in ZIP64's field instead, one after the other. */
  private final class Sizes {
    private final String name;
    private final long entry;
    private long next;
    private long end;

    Sizes(long entry, String name) {
      this.entry = entry;
      this.name = name;
      long at = entry + ENTRY_BYTES + u16(entry + 28);
      long last = at + u16(entry + 30);
      while (at + 4 <= last) {
        long length = u16(at + 2);
        if (u16(at) == SIZES_64) {
          next = at + 4;
          end = Math.min(last, next + length);
        }
        at += 4 + length;
      }
    }

    long next(long field) {
      if (field != ELSEWHERE_32) {
        return field;
      }
      if (next + 8 > end) {
        throw malformed(
            entry, "expected the sizes of %s in a field of ZIP64, found none".formatted(name));
      }
      next += 8;
      return i64(next - 8);
    }
  }

  private void require(long at, int signature, String what) {
    if (at < 0 || at > file.size() - 4 || i32(at) != signature) {
      throw malformed(Math.clamp(at, 0, file.size()), "expected " + what);
    }
  }

  private int u16(long at) {
    checkInside(at, 2);
    return Short.toUnsignedInt(file.bytes().get(Layouts.I16, at));
  }

  private int i32(long at) {
    checkInside(at, 4);
    return file.bytes().get(Layouts.I32, at);
  }

  private long u32(long at) {
    return Integer.toUnsignedLong(i32(at));
  }

  private long i64(long at) {
    checkInside(at, 8);
    return file.bytes().get(Layouts.I64, at);
  }

  private void checkInside(long at, long length) {
    if (at < 0 || at > file.size() - length) {
      throw malformed(
          Math.clamp(at, 0, file.size()),
          "expected %d bytes of a zip archive, but the file ends; fetch it again"
              .formatted(length));
    }
  }

  static String shown(String name) {
    return Json.excerpt(name);
  }

  private MalformedModelException malformed(long at, String reason) {
    return new MalformedModelException(file.path(), at, reason);
  }
}
