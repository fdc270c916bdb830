package dev.cotrace;

import dev.cotrace.circuit.Level;
import dev.cotrace.report.AttributionGraphJson;
import dev.cotrace.report.CircuitCsv;
import dev.cotrace.report.CircuitDot;
import dev.cotrace.report.CircuitGraphMl;
import dev.cotrace.report.CircuitJson;
import dev.cotrace.report.CircuitPt;
import dev.cotrace.report.ExportedCircuit;
import dev.cotrace.report.GraphLabels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * A circuit written for another tool.
 *
 * @param path the file or folder, for a submission the cell's
 * @param level what units the circuit is of
 * @param edges units in the circuit
 * @param ofEdges units of the model
 * @param linksLeftOut of an attribution graph, because more were not asked for; 0 elsewhere
 */
public record CircuitExport(Path path, Level level, int edges, int ofEdges, int linksLeftOut) {
  /**
   * Writes the circuit of {@code source}.
   *
   * @param out the file to write, for a submission its folder; null for a name beside the source
   * @param replace whether what is there already may be replaced
   * @throws IllegalArgumentException when it may not, or the circuit does not suit the format
   */
  public static CircuitExport write(
      CircuitSource source, ExportFormat format, @Nullable Path out, boolean replace)
      throws IOException {
    ExportedCircuit exported = source.read();
    if (format instanceof ExportFormat.TensorBoard && exported.attribution() == null) {
      throw new IllegalArgumentException(
          "--format tensorboard shows a run of cotrace discover, got the circuit %s"
              .formatted(source.path()));
    }
    requireEdges(exported, format);
    Path target = target(source, format, out);
    if (!replace && Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
      throw new IllegalArgumentException(
          "%s already exists: give another --out, or --force to replace it".formatted(target));
    }
    Path parent = target.toAbsolutePath().getParent();
    boolean made = !Files.exists(parent);
    Files.createDirectories(parent);
    int leftOut;
    try {
      leftOut = write(source, exported, format, target);
    } catch (IllegalArgumentException e) {
      if (made) {
        Files.deleteIfExists(parent);
      }
      throw e;
    }
    return new CircuitExport(
        target,
        exported.scored().units().level(),
        exported.scored().circuit().size(),
        exported.scored().units().unitCount(),
        leftOut);
  }

  private static void requireEdges(ExportedCircuit exported, ExportFormat format) {
    boolean any =
        format instanceof ExportFormat.Csv
            || format instanceof ExportFormat.TensorBoard
            || format instanceof ExportFormat.EapIg;
    Level level = exported.scored().units().level();
    if (level != Level.EDGE && !any) {
      throw new IllegalArgumentException(
          "this format is for circuits of edges, got one of %s: use --format csv or eap-ig"
              .formatted(level.nouns()));
    }
  }

  private static Path target(CircuitSource source, ExportFormat format, @Nullable Path out) {
    Path beside = source.path().toAbsolutePath().normalize();
    Path path = out == null ? beside.resolveSibling(source.stem() + format.ending()) : out;
    return format instanceof ExportFormat.Mib mib ? path.resolve(mib.cell().name()) : path;
  }

  private static int write(
      CircuitSource source, ExportedCircuit exported, ExportFormat format, Path target)
      throws IOException {
    switch (format) {
      case ExportFormat.EapIg _ -> CircuitJson.write(target, exported);
      case ExportFormat.Pt _ -> CircuitPt.write(target, exported.scored());
      case ExportFormat.Mib mib -> mib.submission().write(target, mib.cell(), exported);
      case ExportFormat.Neuronpedia graph -> {
        GraphLabels labels = RunLabels.of(source, exported, graph);
        return AttributionGraphJson.write(target, exported, labels, graph.mostLinks());
      }
      case ExportFormat.TensorBoard _ -> TensorBoardExport.write(target, source.path());
      case ExportFormat.Dot dot -> CircuitDot.write(target, exported, dot.edges());
      case ExportFormat.Csv csv -> CircuitCsv.write(target, exported, csv.edges());
      case ExportFormat.GraphMl graph -> CircuitGraphMl.write(target, exported, graph.edges());
    }
    return 0;
  }
}
