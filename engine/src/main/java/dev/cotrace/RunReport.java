package dev.cotrace;

import dev.cotrace.report.ReportPage;
import dev.cotrace.report.TextFile;
import java.io.IOException;
import java.nio.file.Path;

/** The page of a run: circuit, words and doubt in one HTML file that needs nothing else. */
public final class RunReport {
  /** Its name in the run directory. */
  public static final String NAME = "report.html";

  private RunReport() {}

  /**
   * The page of the run in {@code directory}, made from its files alone.
   *
   * @throws IllegalArgumentException when it is not the directory of a complete run, or files of it
   *     are not what a run writes
   */
  public static String html(Path directory) throws IOException {
    String name = String.valueOf(directory.toAbsolutePath().normalize().getFileName());
    return ReportPage.of(name + " – Cotrace", ReportData.of(directory));
  }

  /** Writes {@link #html} to {@code file}, whole or not at all; what was there is replaced. */
  public static void write(Path directory, Path file) throws IOException {
    String html = html(directory);
    TextFile.write(file, out -> out.write(html));
  }
}
