package dev.cotrace.report;

import dev.cotrace.format.AtomicFile;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.Writer;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** A file of text in UTF-8, written as a whole. */
public final class TextFile {
  private TextFile() {}

  /** What the file will hold. */
  public interface Content {
    /** Writes all of it. */
    void write(Writer out) throws IOException;
  }

  /** Writes {@code content} to {@code file}, as {@link AtomicFile} does. */
  public static void write(Path file, Content content) throws IOException {
    AtomicFile.write(
        file,
        channel -> {
          Writer out = new BufferedWriter(Channels.newWriter(channel, StandardCharsets.UTF_8));
          content.write(out);
          out.flush();
        });
  }
}
