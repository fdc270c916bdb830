package dev.cotrace;

import de.siegmar.fastcsv.writer.CsvWriter;
import de.siegmar.fastcsv.writer.LineDelimiter;
import dev.cotrace.circuit.Estimate;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;

/**
 * A table of estimates as CSV: first words, then two columns for each estimate, the second called
 * like the first with {@code _stderr}. What is unknown, or not there, is empty.
 */
final class EstimateCsv {
  private final StringWriter text = new StringWriter();
  private final CsvWriter csv =
      CsvWriter.builder().bufferSize(0).lineDelimiter(LineDelimiter.LF).build(text);

  /** A table with these columns. */
  EstimateCsv(List<String> words, List<String> estimates) {
    List<String> names = new ArrayList<>(words);
    for (String name : estimates) {
      names.add(name);
      names.add(name + "_stderr");
    }
    csv.writeRecord(names);
  }

  /** Adds a line. */
  void add(List<String> words, List<Estimate> estimates) {
    List<String> line = new ArrayList<>(words);
    for (Estimate estimate : estimates) {
      line.add(number(estimate.value()));
      line.add(number(estimate.standardError()));
    }
    csv.writeRecord(line);
  }

  private static String number(double value) {
    return Double.isFinite(value) ? String.valueOf(value) : "";
  }

  @Override
  public String toString() {
    return text.toString();
  }
}
