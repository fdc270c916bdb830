package dev.cotrace.report;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/** Reads a circuit from any file that holds one. */
public final class CircuitFile {
  /** How every zip archive, and so every file of {@code torch.save}, begins. */
  private static final byte[] ZIP = {'P', 'K'};

  private CircuitFile() {}

  /**
   * Reads {@link CircuitJson} or {@link CircuitPt}, whichever {@code file} is.
   *
   * @throws dev.cotrace.format.MalformedModelException when the file is damaged
   * @throws IllegalArgumentException when it is not of these formats
   */
  public static ScoredCircuit read(Path file) throws IOException {
    return isArchive(file) ? CircuitPt.read(file) : CircuitJson.read(file);
  }

  private static boolean isArchive(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      return Arrays.equals(in.readNBytes(ZIP.length), ZIP) || file.toString().endsWith(".pt");
    }
  }
}
