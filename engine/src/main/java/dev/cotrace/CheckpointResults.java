package dev.cotrace;

import dev.cotrace.attribution.Job;
import dev.cotrace.attribution.JobResult;
import dev.cotrace.attribution.ResultBytes;
import dev.cotrace.attribution.Workload;
import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * The results that a run has had without a gradient: records one after the other, each with the
 * length and the CRC-32C of what follows, the name of a drawing and a {@link JobResult}.
 */
final class CheckpointResults {
  private static final int HEAD = 2 * Integer.BYTES;
  private static final int MOST = 1 << 30;

  private final Map<Key, byte[]> results = new HashMap<>(); // as ResultBytes has them

  /** Tells a result from all others of a run. */
  private record Key(String drawing, Job job) {}

  /** What {@code job} of {@code work} gave; null where it is not among these. */
  @Nullable JobResult find(Workload work, String drawing, Job job) {
    byte[] bytes = results.get(new Key(drawing, job));
    try {
      return bytes == null ? null : ResultBytes.result(data(bytes), work.objective());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

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
   * Adds the results in the first {@code length} bytes of {@code file}.
   *
   * @throws IllegalArgumentException when one is torn
   */
  void read(Path file, long length) throws IOException {
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
        DataInputStream record = data(body);
        String drawing = record.readUTF();
        byte[] result = record.readAllBytes();
        results.put(new Key(drawing, ResultBytes.job(data(result))), result);
        read += HEAD + size;
        if (read > length) {
          throw CheckpointState.refused(
              file, "a result ends %d bytes beyond the checkpoint".formatted(read - length));
        }
      }
    } catch (EOFException e) {
      throw CheckpointState.refused(file, "it ends too early");
    }
  }

  private static DataInputStream data(byte[] bytes) {
    return new DataInputStream(new ByteArrayInputStream(bytes));
  }

  private static int crc(byte[] bytes, int from, int length) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, from, length);
    return (int) crc.getValue();
  }
}
