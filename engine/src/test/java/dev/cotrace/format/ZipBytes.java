package dev.cotrace.format;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.zip.CRC32;
import java.util.zip.Deflater;

/** Zip archives byte by byte, with whatever lies a test wants to tell. */
final class ZipBytes {
  private static final int ELSEWHERE = -1;

  private final ByteArrayOutputStream files = new ByteArrayOutputStream();
  private final ByteArrayOutputStream directory = new ByteArrayOutputStream();
  private int entries;
  private boolean zip64;
  private boolean deflated;
  private long claim = -1;
  private long check = -1;
  private int method = -1;
  private int flags;

  /** The member that was written last. */
  private record Last(int header, long packed, long bytes, long check) {}

  private Last last = new Last(0, 0, 0, 0);

  ZipBytes zip64() {
    zip64 = true;
    return this;
  }

  ZipBytes deflated() {
    deflated = true;
    return this;
  }

  ZipBytes claim(long bytes) {
    claim = bytes;
    return this;
  }

  ZipBytes check(long sum) {
    check = sum;
    return this;
  }

  ZipBytes method(int number) {
    method = number;
    return this;
  }

  ZipBytes flags(int bits) {
    flags = bits;
    return this;
  }

  ZipBytes add(String name, byte[] bytes) {
    byte[] packed = deflated ? packed(bytes) : bytes;
    CRC32 sum = new CRC32();
    sum.update(bytes);
    last =
        new Last(
            files.size(),
            packed.length,
            claim < 0 ? bytes.length : claim,
            check < 0 ? sum.getValue() : check);
    byte[] text = name.getBytes(StandardCharsets.UTF_8);
    byte[] localBytes = new byte[30 + text.length];
    ByteBuffer local = little(localBytes);
    local.putInt(0x04034b50).putShort(26, (short) text.length).put(30, text);
    files.writeBytes(localBytes);
    files.writeBytes(packed);
    return again(name);
  }

  /** Lists the bytes of the last member once more. */
  ZipBytes again(String name) {
    byte[] text = name.getBytes(StandardCharsets.UTF_8);
    int extra = zip64 ? 4 + 24 : 0;
    byte[] entryBytes = new byte[46 + text.length + extra];
    ByteBuffer entry = little(entryBytes);
    entry.putInt(0x02014b50).putShort(8, (short) flags);
    entry.putShort(10, (short) (method >= 0 ? method : deflated ? 8 : 0));
    entry.putInt(16, (int) last.check);
    entry.putInt(20, zip64 ? ELSEWHERE : (int) last.packed);
    entry.putInt(24, zip64 ? ELSEWHERE : (int) last.bytes);
    entry.putShort(28, (short) text.length).putShort(30, (short) extra);
    entry.putInt(42, zip64 ? ELSEWHERE : last.header).put(46, text);
    if (zip64) {
      entry.position(46 + text.length).putShort((short) 1).putShort((short) 24);
      entry.putLong(last.bytes).putLong(last.packed).putLong(last.header);
    }
    directory.writeBytes(entryBytes);
    entries++;
    return this;
  }

  byte[] bytes() {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    all.writeBytes(files.toByteArray());
    all.writeBytes(directory.toByteArray());
    if (zip64) {
      byte[] endBytes = new byte[56 + 20];
      ByteBuffer end = little(endBytes);
      end.putInt(0x06064b50).putLong(44).putLong(24, entries).putLong(32, entries);
      end.putLong(40, directory.size()).putLong(48, files.size());
      end.putInt(56, 0x07064b50).putLong(64, all.size()).putInt(72, 1);
      all.writeBytes(endBytes);
    }
    byte[] endBytes = new byte[22];
    ByteBuffer end = little(endBytes);
    end.putInt(0x06054b50);
    end.putShort(8, (short) entries).putShort(10, (short) entries);
    end.putInt(12, zip64 ? ELSEWHERE : directory.size());
    end.putInt(16, zip64 ? ELSEWHERE : files.size());
    all.writeBytes(endBytes);
    return all.toByteArray();
  }

  /** An array with a header of 128 bytes, whatever it says. */
  static byte[] npy(String descr, String shape, float... values) {
    String text = "{'descr': %s, 'fortran_order': False, 'shape': %s, }".formatted(descr, shape);
    byte[] bytesBytes = new byte[128 + 4 * values.length];
    ByteBuffer bytes = little(bytesBytes);
    bytes.put((byte) 0x93).put("NUMPY".getBytes(StandardCharsets.US_ASCII));
    bytes.put((byte) 1).put((byte) 0).putShort((short) 118);
    bytes.put(text.getBytes(StandardCharsets.US_ASCII));
    while (bytes.position() < 127) {
      bytes.put((byte) ' ');
    }
    bytes.put((byte) '\n');
    for (float value : values) {
      bytes.putFloat(value);
    }
    return bytesBytes;
  }

  private static byte[] packed(byte[] bytes) {
    try (Deflater deflater = new Deflater(9, true)) {
      deflater.setInput(bytes);
      deflater.finish();
      byte[] out = new byte[bytes.length + 100];
      return Arrays.copyOf(out, deflater.deflate(out));
    }
  }

  private static ByteBuffer little(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }
}
