package dev.cotrace.report;

import java.util.List;
import tools.jackson.databind.JsonNode;

/** The page of a run. */
public final class ReportPage {
  private static final List<String> SCRIPTS =
      List.of(
          "page.js",
          "overview.js",
          "units.js",
          "circuit.js",
          "circuit-panel.js",
          "time.js",
          "transcripts.js",
          "sentences.js",
          "faithfulness.js",
          "doubt.js",
          "about.js");

  private ReportPage() {}

  /** The page called {@code title} that shows {@code data}. */
  public static String of(String title, JsonNode data) {
    return HtmlPage.alone("report.html", title, SCRIPTS, data);
  }
}
