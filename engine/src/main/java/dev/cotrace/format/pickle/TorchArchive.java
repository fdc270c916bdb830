package dev.cotrace.format.pickle;

import dev.cotrace.format.AtomicFile;
import dev.cotrace.format.MalformedModelException;
import dev.cotrace.format.StoredTensor;
import dev.cotrace.format.StoredType;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;
import org.jspecify.annotations.Nullable;

/**
 * Files of {@code torch.save}: an uncompressed zip archive of {@code NAME/data.pkl}, a pickle, and
 * {@code NAME/data/KEY}, the little-endian elements of each storage.
 *
 * <p>Reading takes memory in proportion to the file, whatever the file says.
 */
public final class TorchArchive {
  /** Ten times the names of the largest models' edges. */
  private static final int MOST_PICKLE = 1 << 22;

  private final Path file;
  private final ZipFile zip;
  private final String name;
  private final Map<String, MemorySegment> storages = new HashMap<>();

  /** Bytes that storages may still take: they all lie in the file, one beside the other. */
  private long left;

  private TorchArchive(Path file, ZipFile zip) throws IOException {
    this.file = file;
    this.zip = zip;
    name = name();
    left = file.toFile().length();
  }

  /**
   * Reads the value in {@code file}; nothing of the file is run.
   *
   * @throws MalformedModelException when it is no such archive, is damaged, or holds more than
   *     plain values and tensors
   */
  public static PickleValue read(Path file) throws IOException {
    try (ZipFile zip = new ZipFile(file.toFile())) {
      return new TorchArchive(file, zip).value();
    } catch (ZipException | EOFException e) {
      throw new MalformedModelException(
          file,
          0,
          "expected a zip archive as torch.save writes it since torch 1.6, but: " + e.getMessage());
    }
  }

  /** Writes {@code value} so that {@code torch.load(…, weights_only=True)} reads it. */
  public static void write(Path file, PickleValue value) throws IOException {
    Pickler.Pickle pickle = Pickler.write(value);
    AtomicFile.write(
        file,
        channel -> {
          try (TorchZip out = new TorchZip(channel)) {
            out.add("data.pkl", pickle.bytes());
            out.add("byteorder", "little".getBytes(StandardCharsets.UTF_8));
            for (int key = 0; key < pickle.tensors().size(); key++) {
              out.add("data/" + key, pickle.tensors().get(key).bytes());
            }
            out.add("version", "3\n".getBytes(StandardCharsets.UTF_8));
          }
        });
  }

  private PickleValue value() throws IOException {
    requireLittleEndian();
    try {
      byte[] pickle = bytes(entry("data.pkl"), MOST_PICKLE);
      return Unpickler.read(file, pickle, this::storage);
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  /** The folder that holds everything. */
  private String name() {
    List<String> names =
        zip.stream().map(ZipEntry::getName).filter(entry -> entry.endsWith("/data.pkl")).toList();
    if (names.size() != 1) {
      throw malformed("expected one data.pkl in the archive, got %d".formatted(names.size()));
    }
    return names.getFirst().substring(0, names.getFirst().lastIndexOf('/') + 1);
  }

  private void requireLittleEndian() throws IOException {
    ZipEntry order = zip.getEntry(name + "byteorder");
    if (order != null) {
      String said = new String(bytes(order, 16), StandardCharsets.UTF_8);
      if (!said.equals("little")) {
        throw malformed(
            "expected byteorder little, got %s: save it on another machine"
                .formatted(PickleBytes.shown(said)));
      }
    }
  }

  private StoredTensor storage(String key, StoredType type, long elements) {
    MemorySegment bytes = storages.computeIfAbsent(key, this::stored);
    // Divided: a product of what the file says may overflow.
    if (bytes.byteSize() % type.blockBytes() != 0
        || elements != bytes.byteSize() / type.blockBytes()) {
      throw malformed(
          "storage %s: expected %d elements of %s, got %d bytes"
              .formatted(PickleBytes.shown(key), elements, type, bytes.byteSize()));
    }
    return new StoredTensor("", type, new long[] {elements}, bytes);
  }

  private MemorySegment stored(String key) {
    try {
      byte[] bytes = bytes(entry("data/" + key), left);
      left -= bytes.length;
      return MemorySegment.ofArray(bytes).asReadOnly();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private ZipEntry entry(String within) {
    @Nullable ZipEntry entry = zip.getEntry(name + within);
    if (entry == null) {
      throw malformed("the archive has no " + PickleBytes.shown(within));
    }
    return entry;
  }

  /** The bytes of {@code entry}, at most {@code most}. */
  private byte[] bytes(ZipEntry entry, long most) throws IOException {
    long size = entry.getSize();
    if (entry.getMethod() != ZipEntry.STORED || entry.getCompressedSize() != size) {
      throw malformed(
          "%s is compressed, which torch.save never does: save it again"
              .formatted(PickleBytes.shown(entry.getName())));
    }
    if (size < 0 || size > Math.min(most, Integer.MAX_VALUE - Long.BYTES)) {
      throw malformed(
          "%s has %d bytes, more than the file has room for or Cotrace reads"
              .formatted(PickleBytes.shown(entry.getName()), size));
    }
    try (InputStream in = zip.getInputStream(entry)) {
      byte[] bytes = in.readNBytes((int) size);
      if (bytes.length < size) {
        throw malformed("%s is cut short".formatted(PickleBytes.shown(entry.getName())));
      }
      return bytes;
    }
  }

  private MalformedModelException malformed(String reason) {
    return new MalformedModelException(file, 0, reason);
  }
}
