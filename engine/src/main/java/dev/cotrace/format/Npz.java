package dev.cotrace.format;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.CRC32;

/**
 * Arrays of NumPy: {@code .npz}, a zip archive of arrays, stored or compressed, and {@code .npy}, a
 * single one, which is called as its file is, without the extension.
 *
 * <p>Arrays that are stored in C order are windows on the mapped file; others are unpacked into
 * native memory, as much as their shape says and no more. Sources: numpy.lib.format; PKWARE's
 * APPNOTE.
 */
public final class Npz implements TensorFile {
  private static final String EXTENSION = ".npy";

  private final Path path;
  private final Arena arena;
  private final Map<String, StoredTensor> tensors;

  private Npz(Path path, Arena arena, Map<String, StoredTensor> tensors) {
    this.path = path;
    this.arena = arena;
    this.tensors = Collections.unmodifiableMap(tensors);
  }

  /**
   * Maps one file.
   *
   * @throws MalformedModelException when the file is damaged, holds anything but numbers, or says
   *     more than it holds
   */
  public static Npz open(Path file) throws IOException {
    return MappedFile.opening(arena -> of(MappedFile.map(file, arena), arena));
  }

  /** Reads a file whose bytes live as long as {@code arena}. */
  static Npz of(MappedFile file, Arena arena) {
    Map<String, StoredTensor> tensors = new LinkedHashMap<>();
    if (NpyHeader.begins(file.bytes())) {
      String name = stem(String.valueOf(file.path().getFileName()));
      tensors.put(name, new Array(file, arena, 0, name).stored(file.bytes()));
    } else {
      for (ZipMember member : ZipDirectory.members(file)) {
        StoredTensor tensor = array(file, arena, member);
        if (tensors.putIfAbsent(tensor.name(), tensor) != null) {
          throw new MalformedModelException(
              file.path(),
              member.header(),
              "expected one array %s, got two".formatted(ZipDirectory.shown(tensor.name())));
        }
      }
    }
    return new Npz(file.path(), arena, tensors);
  }

  @Override
  public Path path() {
    return path;
  }

  @Override
  public Map<String, StoredTensor> tensors() {
    return tensors;
  }

  @Override
  public void close() {
    arena.close();
  }

  private static StoredTensor array(MappedFile file, Arena arena, ZipMember member) {
    if (!member.name().endsWith(EXTENSION)) {
      throw new MalformedModelException(
          file.path(),
          member.header(),
          "expected only .npy arrays in the archive, got %s"
              .formatted(ZipDirectory.shown(member.name())));
    }
    Array array = new Array(file, arena, member.header(), stem(member.name()));
    MemorySegment packed = file.bytes().asSlice(member.start(), member.packedBytes());
    if (member.deflated()) {
      return array.inflated(packed, member);
    }
    array.check(member, packed);
    return array.stored(packed);
  }

  private static String stem(String name) {
    return name.endsWith(EXTENSION) ? name.substring(0, name.length() - EXTENSION.length()) : name;
  }

  /** One array that begins at {@code at} in the file. */
  private record Array(MappedFile file, Arena arena, long at, String name) {
    StoredTensor stored(MemorySegment bytes) {
      NpyHeader header = NpyHeader.read(file.path(), at, name, bytes);
      requireBytes(header, bytes.byteSize());
      return tensor(header, bytes.asSlice(header.length()));
    }

    /** Reads the header first, so that memory is taken for what the shape says. */
    StoredTensor inflated(MemorySegment packed, ZipMember member) {
      try (Inflation inflation = new Inflation(file.path(), at, name, packed)) {
        int beginning = (int) Math.min(NpyHeader.MOST_BYTES, member.bytes());
        MemorySegment head = MemorySegment.ofArray(new byte[beginning]);
        inflation.fill(head);
        NpyHeader header = NpyHeader.read(file.path(), at, name, head);
        requireBytes(header, member.bytes());
        MemorySegment all = arena.allocate(member.bytes(), Long.BYTES);
        MemorySegment.copy(head, 0, all, 0, beginning);
        inflation.fill(all.asSlice(beginning));
        inflation.requireEnd();
        check(member, all);
        return tensor(header, all.asSlice(header.length()));
      }
    }

    private void requireBytes(NpyHeader header, long bytes) {
      long data = header.type().bytes(header.elements(name));
      if (bytes - header.length() != data) {
        throw malformed(
            "expected %d bytes for %s %s, got %d"
                .formatted(data, header.type(), header.shape(), bytes - header.length()));
      }
    }

    private void check(ZipMember member, MemorySegment bytes) {
      CRC32 sum = new CRC32();
      Inflation.pieces(bytes, sum::update);
      if (sum.getValue() != member.check()) {
        throw malformed("its bytes are damaged: their checksum is wrong; fetch it again");
      }
    }

    private StoredTensor tensor(NpyHeader header, MemorySegment data) {
      boolean turned = header.fortran() && header.shape().size() > 1;
      return new StoredTensor(
          name,
          header.type(),
          header.dimensions(),
          turned ? inOrder(header, data) : data.asReadOnly());
    }

    /** Columns first becomes rows first. */
    private MemorySegment inOrder(NpyHeader header, MemorySegment data) {
      long[] shape = header.dimensions();
      int width = header.type().blockBytes();
      long[] stride = new long[shape.length]; // bytes between neighbours, as stored
      long step = width;
      for (int d = 0; d < shape.length; d++) {
        stride[d] = step;
        step *= shape[d];
      }
      MemorySegment ordered = arena.allocate(data.byteSize(), Long.BYTES);
      long[] index = new long[shape.length];
      long from = 0;
      for (long to = 0; to < data.byteSize(); to += width) {
        MemorySegment.copy(data, from, ordered, to, width);
        for (int d = shape.length - 1; d >= 0; d--) {
          from += stride[d];
          if (++index[d] < shape[d]) {
            break;
          }
          from -= stride[d] * shape[d];
          index[d] = 0;
        }
      }
      return ordered.asReadOnly();
    }

    private MalformedModelException malformed(String reason) {
      return new MalformedModelException(
          file.path(), at, "array %s: %s".formatted(ZipDirectory.shown(name), reason));
    }
  }
}
