package dev.cotrace.format;

import java.nio.file.Path;

/** A file breaks the rules of its format, or uses a part of the format that Cotrace refuses. */
public final class MalformedModelException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private static final int LONGEST = 1000;

  private final transient Path file;
  private final long offset;

  /**
   * @param file the file that was read
   * @param offset byte offset of the offending item from the start of the file
   * @param reason one sentence without a full stop: what was expected, what came, what to do
   */
  public MalformedModelException(Path file, long offset, String reason) {
    super("%s, byte %d: %s".formatted(file, offset, shortened(reason)));
    this.file = file;
    this.offset = offset;
  }

  /** Names come from the file and may be of any length. */
  private static String shortened(String reason) {
    return reason.length() <= LONGEST ? reason : reason.substring(0, LONGEST) + " …";
  }

  /** The file that was read. */
  public Path file() {
    return file;
  }

  /** Byte offset of the offending item from the start of the file. */
  public long offset() {
    return offset;
  }
}
