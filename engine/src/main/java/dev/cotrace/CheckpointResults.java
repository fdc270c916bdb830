package dev.cotrace;

import dev.cotrace.attribution.Job;
import dev.cotrace.attribution.JobResult;
import dev.cotrace.attribution.ResultBytes;
import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.zip.CRC32C;

/**
 * The results that a run has had without a gradient: records one after the other, each with the
 * length and the CRC-32C of what follows, the name of a drawing and a {@link JobResult}.
 */
final class CheckpointResults {
  private static final int HEAD = 2 * Integer.BYTES;
  private static final int MOST = 1 << 30;

  private CheckpointResults() {}

  /** Tells a result from all others of a run. */
  record Key(String drawing, Job job) {}

  /** The record of {@code result}. */
  static byte[] record(String drawing, JobResult result) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(bytes);
    out.write(new byte[HEAD]);
    out.writeUTF(drawing);
    ResultBytes.write(out, result);
    byte[] record = bytes.toByteArray();
    ByteBuffer.wrap(record)
        .putInt(record.length - HEAD)
        .putInt(crc(record, HEAD, record.length - HEAD));
    return record;
  }

  /**
   * The results in the first {@code length} bytes of {@code file}, as {@link ResultBytes} has them.
   *
   * @throws IllegalArgumentException when one is torn
   */
  static Map<Key, byte[]> read(Path file, long length) throws IOException {
    Map<Key, byte[]> results = new HashMap<>();
    try (DataInputStream in =
        new DataInputStream(new BufferedInputStream(Files.newInputStream(file)))) {
      for (long read = 0; read < length; ) {
        int size = in.readInt();
        int crc = in.readInt();
        byte[] body = in.readNBytes(Math.clamp(size, 0, MOST));
        if (body.length != size || crc(body, 0, size) != crc) {
          throw CheckpointState.refused(
              file, "the result at byte %d is torn or was changed".formatted(read));
        }
        DataInputStream record = new DataInputStream(new ByteArrayInputStream(body));
        String drawing = record.readUTF();
        byte[] result = record.readAllBytes();
        results.put(new Key(drawing, ResultBytes.job(data(result))), result);
        read += HEAD + size;
      }
    } catch (EOFException e) {
      throw CheckpointState.refused(file, "it ends too early");
    }
    return results;
  }

  /** Reads {@code bytes}. */
  static DataInputStream data(byte[] bytes) {
    return new DataInputStream(new ByteArrayInputStream(bytes));
  }

  private static int crc(byte[] bytes, int from, int length) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, from, length);
    return (int) crc.getValue();
  }
}
