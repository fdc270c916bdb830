package dev.cotrace.report;

import dev.cotrace.circuit.ComputationGraph;
import dev.cotrace.circuit.Edge;
import java.io.IOException;
import java.nio.file.Path;
import java.util.StringJoiner;

/**
 * One row for each edge, in EAP-IG's order, under a row of names: {@code edge}, {@code source},
 * {@code target}, {@code slot}, the {@link EdgeColumns} and {@code in_circuit}. No field needs
 * quotes; an unknown number is empty.
 */
public final class CircuitCsv {
  private CircuitCsv() {}

  /** Writes the chosen edges. */
  public static void write(Path file, ExportedCircuit exported, EdgeChoice choice)
      throws IOException {
    EdgeColumns columns = EdgeColumns.of(exported);
    boolean edges = exported.scored().units() instanceof ComputationGraph;
    TextFile.write(
        file,
        out -> {
          String first = edges ? "edge,source,target,slot," : "unit,";
          StringJoiner names = new StringJoiner(",", first, ",in_circuit\n");
          columns.names().forEach(names::add);
          out.write(names.toString());
          for (int cell : exported.cells(choice)) {
            StringJoiner row = new StringJoiner(",", "", "\n");
            row.add(exported.scored().units().name(cell));
            if (edges) {
              Edge edge = exported.graph().edge(cell);
              row.add(edge.source().toString()).add(edge.target().toString());
              row.add(edge.slot().label());
            }
            columns.at(cell).values().forEach(row::add);
            row.add(String.valueOf(exported.circuit().contains(cell)));
            out.write(row.toString());
          }
        });
  }
}
