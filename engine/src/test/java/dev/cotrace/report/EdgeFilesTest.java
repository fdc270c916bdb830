package dev.cotrace.report;

import static org.assertj.core.api.Assertions.assertThat;

import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.NamedCsvRecord;
import dev.cotrace.circuit.Attribution;
import dev.cotrace.circuit.Edge;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/** Tables and graphs of edges, read back with other readers. */
class EdgeFilesTest {
  private static final Pattern ARROW = Pattern.compile("  \"(.+)\" -> \"(.+)\" \\[(.*)];");
  private static final Pattern ATTRIBUTE = Pattern.compile("(\\w+)=\"([^\"]*)\"");

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void aTableHasAllThatIsKnownOfEveryEdge(long seed) throws IOException {
    ExportedCircuit exported = RandomCircuits.of(seed, 0);
    for (EdgeChoice choice : EdgeChoice.values()) {
      Path file = folder.resolve(choice + ".csv");
      CircuitCsv.write(file, exported, choice);
      List<Map<String, String>> rows = new ArrayList<>();
      try (CsvReader<NamedCsvRecord> csv = CsvReader.builder().ofNamedCsvRecord(file)) {
        csv.forEach(row -> rows.add(row.getFieldsAsMap()));
      }
      assertThat(rows).isEqualTo(expected(exported, choice, true));
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void aGraphMlFileHasAllNodesAndAllThatIsKnownOfTheEdges(long seed) throws Exception {
    ExportedCircuit exported = RandomCircuits.of(seed, 0);
    for (EdgeChoice choice : EdgeChoice.values()) {
      Path file = folder.resolve(choice + ".graphml");
      CircuitGraphMl.write(file, exported, choice);
      Document xml =
          DocumentBuilderFactory.newDefaultInstance().newDocumentBuilder().parse(file.toFile());
      assertThat(elements(xml.getElementsByTagName("node")))
          .extracting(node -> node.getAttribute("id"))
          .containsExactlyElementsOf(
              exported.graph().nodes().stream().map(String::valueOf).toList());
      List<Map<String, String>> edges = new ArrayList<>();
      for (Element edge : elements(xml.getElementsByTagName("edge"))) {
        Map<String, String> row = new LinkedHashMap<>();
        row.put("edge", edge.getAttribute("id"));
        row.put("source", edge.getAttribute("source"));
        row.put("target", edge.getAttribute("target"));
        for (Element data : elements(edge.getElementsByTagName("data"))) {
          row.put(data.getAttribute("key").substring("edge_".length()), data.getTextContent());
        }
        edges.add(row);
      }
      assertThat(edges).isEqualTo(expected(exported, choice, false));
      assertThat(elements(xml.getElementsByTagName("key")))
          .as("every key that data use is declared")
          .extracting(key -> key.getAttribute("id"))
          .containsAll(
              elements(xml.getElementsByTagName("data")).stream()
                  .map(data -> data.getAttribute("key"))
                  .toList());
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void aPictureHasAnArrowForEveryEdgeWithAllThatIsKnownOfIt(long seed) throws IOException {
    ExportedCircuit exported = RandomCircuits.of(seed, 0);
    for (EdgeChoice choice : EdgeChoice.values()) {
      Path file = folder.resolve(choice + ".dot");
      CircuitDot.write(file, exported, choice);
      List<Map<String, String>> arrows = new ArrayList<>();
      for (String line : Files.readAllLines(file)) {
        Matcher arrow = ARROW.matcher(line);
        if (arrow.matches()) {
          arrows.add(arrow(arrow));
        }
      }
      assertThat(arrows).isEqualTo(expected(exported, choice, true));
    }
  }

  private static Map<String, String> arrow(Matcher arrow) {
    Map<String, String> row = new LinkedHashMap<>();
    Matcher attribute = ATTRIBUTE.matcher(arrow.group(3));
    while (attribute.find()) {
      row.put(attribute.group(1), attribute.group(2));
    }
    String slot = removed(row, "label");
    assertThat(removed(row, "color").equals("#b35806"))
        .as("orange lowers J")
        .isEqualTo(row.getOrDefault("score", "").startsWith("-"));
    assertThat(Double.parseDouble(removed(row, "penwidth"))).isBetween(0.5, 5.0);
    row.put("slot", slot.isEmpty() ? "in" : slot);
    row.put("source", arrow.group(1));
    row.put("target", arrow.group(2));
    String suffix = slot.isEmpty() ? "" : "<%s>".formatted(slot);
    row.put("edge", arrow.group(1) + "->" + arrow.group(2) + suffix);
    return row;
  }

  private static String removed(Map<String, String> row, String name) {
    return Objects.requireNonNull(row.remove(name));
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2})
  void scoresWithoutErrorsHaveNoColumnsForThem(long seed) throws IOException {
    Path file = folder.resolve("bare.csv");
    CircuitCsv.write(file, RandomCircuits.bare(seed), EdgeChoice.ALL);
    assertThat(Files.readAllLines(file).getFirst())
        .isEqualTo("edge,source,target,slot,score,in_circuit");
  }

  /** Edge by edge in EAP-IG's order; what is not known is empty, or not there. */
  private static List<Map<String, String>> expected(
      ExportedCircuit exported, EdgeChoice choice, boolean empty) {
    Attribution attribution = RandomCircuits.attribution(exported);
    List<Map<String, String>> rows = new ArrayList<>();
    for (int cell : EdgeOrder.of(exported.graph())) {
      if (choice == EdgeChoice.CIRCUIT && !exported.circuit().contains(cell)) {
        continue;
      }
      Edge edge = exported.graph().edge(cell);
      Map<String, String> row = new LinkedHashMap<>();
      row.put("edge", edge.toString());
      row.put("source", edge.source().toString());
      row.put("target", edge.target().toString());
      row.put("slot", edge.slot().suffix().isEmpty() ? "in" : edge.slot().suffix().substring(1, 2));
      put(row, "score", attribution.total().values()[cell], empty);
      put(row, "stderr", attribution.total().standardErrors()[cell], empty);
      put(row, "ci95_low", attribution.significance().low()[cell], empty);
      put(row, "ci95_high", attribution.significance().high()[cell], empty);
      put(row, "q_value", attribution.significance().q()[cell], empty);
      put(row, "direct", attribution.direct().values()[cell], empty);
      put(row, "direct_stderr", attribution.direct().standardErrors()[cell], empty);
      put(row, "through_cot", attribution.throughCot().values()[cell], empty);
      put(row, "through_cot_stderr", attribution.throughCot().standardErrors()[cell], empty);
      row.put("in_circuit", String.valueOf(exported.circuit().contains(cell)));
      rows.add(row);
    }
    return rows;
  }

  private static void put(Map<String, String> row, String name, double value, boolean empty) {
    if (!Double.isNaN(value)) {
      row.put(name, String.valueOf((float) value));
    } else if (empty) {
      row.put(name, "");
    }
  }

  private static List<Element> elements(NodeList list) {
    Element[] elements = new Element[list.getLength()];
    Arrays.setAll(elements, i -> (Element) list.item(i));
    return List.of(elements);
  }
}
