package dev.cotrace;

import dev.cotrace.attribution.Kept;
import dev.cotrace.format.Sha256;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInput;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.FileOutputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What a run has added up, in a file that is replaced as a whole: a header, the parts, a table of
 * where each part begins, where the table begins, and the SHA-256 of all that.
 *
 * @param file that holds it
 * @param header what there was beside it
 * @param offsets where parts begin
 */
record CheckpointState(Path file, Header header, Map<String, Long> offsets) {
  private static final String FORMAT = "cotrace-checkpoint-2";
  private static final int DIGEST = 32;
  private static final int MOST_PARTS = 64;
  private static final int BUFFER = 1 << 16;

  /**
   * What there was when the state was written.
   *
   * @param run digest of what the run is about
   * @param results what the file of results held
   * @param rollouts what rollouts.jsonl held
   * @param seconds that the run had taken
   */
  record Header(String run, FilePrefix results, FilePrefix rollouts, double seconds) {}

  /**
   * Counts what goes through it; the position of a channel cannot be asked in a thread that is to
   * stop.
   */
  private static final class Counted extends FilterOutputStream {
    private long count;

    Counted(OutputStream out) {
      super(out);
    }

    @Override
    public void write(int b) throws IOException {
      out.write(b);
      count++;
    }

    @Override
    public void write(byte[] bytes, int from, int length) throws IOException {
      out.write(bytes, from, length);
      count += length;
    }
  }

  /** Writes a state to {@code file}. */
  static void write(Path file, Header header, Map<String, Kept> parts) throws IOException {
    MessageDigest digest = Sha256.digest();
    try (FileOutputStream to = new FileOutputStream(file.toFile());
        Counted counted =
            new Counted(new DigestOutputStream(new BufferedOutputStream(to, BUFFER), digest));
        DataOutputStream out = new DataOutputStream(counted)) {
      out.writeUTF(FORMAT);
      out.writeUTF(header.run);
      write(out, header.results);
      write(out, header.rollouts);
      out.writeDouble(header.seconds);
      Map<String, Long> places = new LinkedHashMap<>();
      for (Map.Entry<String, Kept> part : parts.entrySet()) {
        places.put(part.getKey(), counted.count);
        part.getValue().save(out);
      }
      long table = counted.count;
      out.writeInt(places.size());
      for (Map.Entry<String, Long> place : places.entrySet()) {
        out.writeUTF(place.getKey());
        out.writeLong(place.getValue());
      }
      out.writeLong(table);
      out.flush();
      to.write(digest.digest());
    }
  }

  private static void write(DataOutputStream out, FilePrefix prefix) throws IOException {
    out.writeLong(prefix.length());
    out.writeUTF(prefix.sha256());
  }

  private static FilePrefix prefix(DataInputStream in) throws IOException {
    return new FilePrefix(in.readLong(), in.readUTF());
  }

  /**
   * Reads a state.
   *
   * @throws IllegalArgumentException when it is torn or of another run than {@code run}
   */
  static CheckpointState read(Path file, String run) throws IOException {
    requireWhole(file);
    try (DataInputStream in = open(file, 0)) {
      String format = in.readUTF();
      if (!format.equals(FORMAT)) {
        throw refused(file, "it is of the format '%s', not %s".formatted(format, FORMAT));
      }
      String of = in.readUTF();
      if (!of.equals(run)) {
        throw refused(file, "it is of another run than spec.yaml and provenance.json beside it");
      }
      Header header = new Header(of, prefix(in), prefix(in), in.readDouble());
      return new CheckpointState(file, header, offsets(file));
    } catch (EOFException e) {
      throw refused(file, "it ends too early");
    }
  }

  /** Lets {@code part} take up what was written of it under {@code name}, if it was. */
  void restore(String name, Kept part) throws IOException {
    hand(name, part::restore);
  }

  /** Adds to {@code part} what was written of it under {@code name}, if it was. */
  void add(String name, Kept part) throws IOException {
    hand(name, part::add);
  }

  private interface Reader {
    void read(DataInput in) throws IOException;
  }

  private void hand(String name, Reader reader) throws IOException {
    Long offset = offsets.get(name);
    if (offset == null) {
      return;
    }
    try (DataInputStream in = open(file, offset)) {
      reader.read(in);
    } catch (EOFException e) {
      throw refused(file, "its part '%s' ends too early".formatted(name));
    }
  }

  /** Why a checkpoint cannot be gone on from. */
  static IllegalArgumentException refused(Path file, String reason) {
    return new IllegalArgumentException(
        "cannot go on from %s: %s; remove the run and start it again".formatted(file, reason));
  }

  private static Map<String, Long> offsets(Path file) throws IOException {
    long table;
    try (DataInputStream in = open(file, Files.size(file) - DIGEST - Long.BYTES)) {
      table = in.readLong();
    }
    Map<String, Long> offsets = new HashMap<>();
    try (DataInputStream in = open(file, table)) {
      int count = Math.min(in.readInt(), MOST_PARTS);
      for (int i = 0; i < count; i++) {
        offsets.put(in.readUTF(), in.readLong());
      }
    }
    return offsets;
  }

  private static void requireWhole(Path file) throws IOException {
    MessageDigest digest;
    byte[] stated;
    try (InputStream in = Files.newInputStream(file)) {
      digest = FilePrefix.digest(in, Files.size(file) - DIGEST);
      stated = in.readNBytes(DIGEST);
    }
    if (!Arrays.equals(stated, digest.digest())) {
      throw refused(file, "its checksum does not match, so it is torn or was changed");
    }
  }

  private static DataInputStream open(Path file, long offset) throws IOException {
    InputStream in = Files.newInputStream(file);
    in.skipNBytes(offset);
    return new DataInputStream(new BufferedInputStream(in, BUFFER));
  }
}
