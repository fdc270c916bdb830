package dev.cotrace.format.parquet;

import dev.hardwood.metadata.ColumnChunk;
import dev.hardwood.metadata.ColumnMetaData;
import dev.hardwood.metadata.CompressionCodec;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Looks at every page of a column before it is decoded. The decoding library makes room for as much
 * as a page's header promises, and has the native Snappy write as much as the compressed bytes
 * promise: where the two differ, memory would be overwritten.
 */
final class ParquetPages {
  private static final int LARGEST_HEADER = 1 << 20;
  private static final int LARGEST_INDEX = 1 << 26;
  private static final int FIRST_LOOK = 1 << 12;

  /** Writers aim at 1 MiB; one value may be longer than that. */
  private static final long LARGEST_PAGE = 1 << 26;

  /** Runs of nulls take next to no bytes, but each value takes memory once it is decoded. */
  private static final long MOST_VALUES = 1 << 22;

  private static final int DATA = 0;
  private static final int DICTIONARY = 2;
  private static final int DATA_V2 = 3;

  private final FileChannel file;
  private final ColumnMetaData column;
  private long values;

  private ParquetPages(FileChannel file, ColumnMetaData column) {
    this.file = file;
    this.column = column;
  }

  /**
   * Checks the pages of {@code chunk}.
   *
   * @throws IllegalArgumentException saying what is wrong and at which byte
   */
  static void check(FileChannel file, ColumnChunk chunk) throws IOException {
    ColumnMetaData column = chunk.metaData();
    if (column == null) {
      throw new IllegalArgumentException("a column has no description");
    }
    ParquetPages own = new ParquetPages(file, column);
    Set<Long> pages = own.walk(chunk.chunkStartOffset());
    if (!pages.contains(column.dataPageOffset())) {
      throw at(column.dataPageOffset(), "no page begins where the column's data should");
    }
    if (own.values != column.numValues()) {
      throw at(
          column.dataPageOffset(),
          "a column of %d values has %d in its pages".formatted(column.numValues(), own.values));
    }
    Long index = chunk.offsetIndexOffset();
    if (index != null && chunk.offsetIndexLength() != null) {
      requireKnown(pages, index, read(file, index, chunk.offsetIndexLength(), LARGEST_INDEX));
    }
  }

  /** The offsets of all pages from {@code start} on. */
  private Set<Long> walk(long start) throws IOException {
    long end = Math.addExact(start, column.totalCompressedSize());
    if (start < 4 || column.totalCompressedSize() < 0 || end > file.size()) {
      throw at(
          start,
          "a column of %d bytes is not inside the file".formatted(column.totalCompressedSize()));
    }
    Set<Long> pages = new HashSet<>();
    for (long at = start; at < end; ) {
      pages.add(at);
      at = afterPage(at, end);
    }
    return pages;
  }

  private long afterPage(long at, long end) throws IOException {
    Header read = header(at, end);
    Map<Integer, Object> header = read.fields;
    long plain = number(header, 2, at);
    long packed = number(header, 3, at);
    long body = at + read.length;
    if (plain > LARGEST_PAGE || packed > end - body) {
      throw at(at, "a page of %d bytes, unpacked %d, is too large".formatted(packed, plain));
    }
    int levels = levels(header, at);
    if (levels > Math.min(plain, packed)) {
      throw at(at, "a page has %d bytes of levels in %d".formatted(levels, packed));
    }
    if (column.codec() == CompressionCodec.SNAPPY && unpacks(header) && packed > levels) {
      ByteBuffer promise = read(file, body + levels, Math.min(10, packed - levels), LARGEST_HEADER);
      requirePromise(promise, plain - levels, body);
    }
    return body + packed;
  }

  private record Header(Map<Integer, Object> fields, int length) {}

  /** Most headers are short; statistics can make them long. */
  private Header header(long at, long end) throws IOException {
    for (long size = FIRST_LOOK; ; size *= 16) {
      ByteBuffer bytes = read(file, at, Math.min(size, end - at), LARGEST_HEADER);
      try {
        return new Header(CompactThrift.struct(bytes), bytes.position());
      } catch (IllegalArgumentException e) {
        if (size >= LARGEST_HEADER || size >= end - at) {
          throw at(at, String.valueOf(e.getMessage()));
        }
      }
    }
  }

  private static void requirePromise(ByteBuffer packed, long plain, long at) {
    long promised = -1;
    try {
      promised = CompactThrift.varint(packed);
    } catch (RuntimeException e) {
      // Too short for a number: not what the header says either.
    }
    if (promised != plain) {
      throw at(
          at, "a page says it unpacks to %d bytes, its header says %d".formatted(promised, plain));
    }
  }

  /** Bytes of levels before the compressed ones, which pages of the second version have. */
  private int levels(Map<Integer, Object> header, long at) {
    int kind = (int) number(header, 1, at);
    Map<?, ?> own =
        switch (kind) {
          case DATA -> part(header, 5, at);
          case DICTIONARY -> part(header, 7, at);
          case DATA_V2 -> part(header, 8, at);
          default -> throw at(at, "a page of the unknown kind %d".formatted(kind));
        };
    long inPage = number(own, 1, at);
    if (inPage > MOST_VALUES) {
      throw at(at, "a page of %d values, more than %d".formatted(inPage, MOST_VALUES));
    }
    values += kind == DICTIONARY ? 0 : inPage;
    long levels = kind == DATA_V2 ? number(own, 5, at) + number(own, 6, at) : 0;
    return Math.toIntExact(Math.min(levels, Integer.MAX_VALUE));
  }

  private static boolean unpacks(Map<Integer, Object> header) {
    return !(header.get(8) instanceof Map<?, ?> second && Boolean.FALSE.equals(second.get(7)));
  }

  private static Map<?, ?> part(Map<Integer, Object> header, int id, long at) {
    if (header.get(id) instanceof Map<?, ?> part) {
      return part;
    }
    throw at(at, "a page's header lacks its part %d".formatted(id));
  }

  private static long number(Map<?, ?> header, int id, long at) {
    if (header.get(id) instanceof Long number && number >= 0 && number <= Integer.MAX_VALUE) {
      return number;
    }
    throw at(
        at,
        "a page's header has %s where a size should be".formatted(String.valueOf(header.get(id))));
  }

  private static void requireKnown(Set<Long> pages, long at, ByteBuffer index) {
    Object locations;
    try {
      locations = CompactThrift.struct(index).get(1);
    } catch (IllegalArgumentException e) {
      throw at(at, String.valueOf(e.getMessage()));
    }
    boolean known =
        locations instanceof List<?> list
            && list.stream()
                .allMatch(each -> each instanceof Map<?, ?> page && pages.contains(page.get(1)));
    if (!known) {
      throw at(at, "the index of pages names others than there are");
    }
  }

  private static ByteBuffer read(FileChannel file, long at, long length, int most)
      throws IOException {
    if (at < 0 || length < 0 || length > most || at > file.size() - length) {
      throw at(at, "%d bytes are expected that are not in the file".formatted(length));
    }
    ByteBuffer bytes = ByteBuffer.allocate((int) length);
    while (bytes.hasRemaining() && file.read(bytes, at + bytes.position()) >= 0) {
      // Reads come in parts.
    }
    return bytes.flip();
  }

  private static IllegalArgumentException at(long offset, String reason) {
    return new IllegalArgumentException("byte %d: %s".formatted(offset, reason));
  }
}
