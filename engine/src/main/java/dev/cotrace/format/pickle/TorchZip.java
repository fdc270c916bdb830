package dev.cotrace.format.pickle;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.time.LocalDateTime;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * A zip archive laid out as torch lays it out: one folder, nothing compressed, the bytes of every
 * entry at a multiple of 64. Equal entries make equal files.
 */
final class TorchZip implements AutoCloseable {
  private static final String FOLDER = "circuit/";
  private static final int ALIGNMENT = 64;

  /** Of the header of an entry, before its name and the padding. */
  private static final int HEADER_BYTES = 30;

  /** Of the padding: its tag and length, before what it pads with. */
  private static final int TAG_BYTES = 4;

  /** torch's tag for padding, "FB". */
  private static final short PADDING = 0x4246;

  /**
   * The first time that zip archives know, and one tick: the very first one stands for those before
   * it, which Java writes in a field more.
   */
  private static final LocalDateTime NO_TIME = LocalDateTime.of(1980, 1, 1, 0, 0, 2);

  private final ZipOutputStream zip;
  private long written;

  TorchZip(WritableByteChannel out) {
    zip = new ZipOutputStream(Channels.newOutputStream(out));
    zip.setMethod(ZipOutputStream.STORED);
  }

  void add(String name, byte[] bytes) throws IOException {
    add(name, MemorySegment.ofArray(bytes));
  }

  void add(String name, MemorySegment bytes) throws IOException {
    ZipEntry entry = new ZipEntry(FOLDER + name);
    CRC32 check = new CRC32();
    check.update(bytes.asByteBuffer());
    entry.setCrc(check.getValue());
    entry.setSize(bytes.byteSize());
    entry.setTimeLocal(NO_TIME);
    entry.setExtra(padding(entry.getName().getBytes(StandardCharsets.UTF_8).length));
    zip.putNextEntry(entry);
    Channels.newChannel(zip).write(bytes.asByteBuffer());
    zip.closeEntry();
    written += bytes.byteSize();
  }

  private byte[] padding(int nameBytes) {
    written += HEADER_BYTES + nameBytes + TAG_BYTES;
    int zeros = (int) Math.floorMod(-written, (long) ALIGNMENT);
    written += zeros;
    return ByteBuffer.allocate(TAG_BYTES + zeros)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putShort(PADDING)
        .putShort((short) zeros)
        .array();
  }

  /** Completes the archive; what it was written to stays open. */
  @Override
  public void close() throws IOException {
    zip.finish();
    zip.flush();
  }
}
