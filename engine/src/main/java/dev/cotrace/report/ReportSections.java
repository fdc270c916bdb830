package dev.cotrace.report;

import dev.cotrace.circuit.Attribution;
import dev.cotrace.circuit.Circuit;
import dev.cotrace.circuit.Circuit.Ranking;
import dev.cotrace.circuit.Stability;
import java.util.List;
import tools.jackson.databind.node.ObjectNode;

/** What a page shows of scores, as JSON; numbers have four significant digits. */
public final class ReportSections {
  private ReportSections() {}

  /** Adds the components and their strongest edges, {@code graph}. */
  public static void components(
      ObjectNode data, Attribution attribution, Circuit circuit, Stability stability) {
    ComponentsJson.put(data.putObject("graph"), attribution, circuit, stability);
  }

  /** Adds scores by bin, {@code time}, where there are any. */
  public static void time(ObjectNode data, Attribution attribution, List<Segment> segments) {
    TimeJson.put(data, attribution, segments);
  }

  /** Adds how sure the scores are, {@code doubt}. */
  public static void doubt(ObjectNode data, Attribution attribution, Ranking ranking, long seed) {
    DoubtJson.put(data, attribution, ranking, seed);
  }
}
