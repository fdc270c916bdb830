package dev.cotrace.cli;

import dev.cotrace.CircuitExport;
import dev.cotrace.CircuitSource;
import dev.cotrace.ExportFormat;
import dev.cotrace.circuit.Circuit;
import dev.cotrace.report.EdgeChoice;
import dev.cotrace.report.MibCell;
import dev.cotrace.report.MibSubmission;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import tools.jackson.databind.json.JsonMapper;

/** Circuits in the formats of other tools. */
@Command(
    name = "export",
    description = {
      "Writes a circuit in the format of another tool; docs/formats.md says what each file holds."
    },
    mixinStandardHelpOptions = true,
    sortOptions = false,
    abbreviateSynopsis = true,
    footer = {
      "",
      "Formats",
      "  eap-ig       JSON for EAP-IG's Graph.from_json",
      "  pt           archive for torch.load and EAP-IG's Graph.from_pt",
      "  mib          folder of a submission to the Mechanistic Interpretability Benchmark",
      "  neuronpedia  attribution graph for Neuronpedia and circuit-tracer",
      "  dot          picture for Graphviz",
      "  csv          table of edges with all that is known of them",
      "  graphml      graph for NetworkX, Gephi, Cytoscape",
      "  tensorboard  folder of event files: J as it was sampled, faithfulness against edges",
      "",
      "Examples",
      "  cotrace export runs/NAME --format csv",
      "  cotrace export runs/NAME --format dot --out circuit.dot && dot -Tsvg circuit.dot -o circuit.svg",
      "  cotrace export runs/NAME --format mib --cell ioi_gpt2 --out submission",
      "  cotrace export runs/NAME --format neuronpedia --scan gpt2-small",
      "  cotrace export runs/NAME --format tensorboard && tensorboard --logdir runs/NAME.tensorboard",
      "  cotrace export circuit.pt --format eap-ig"
    })
final class ExportCommand implements Callable<Integer> {
  /** Options that only some formats have. */
  private static final Map<String, List<String>> BELONGS =
      Map.of(
          "--edges", List.of("dot", "csv", "graphml"),
          "--cell", List.of("mib"),
          "--circuits", List.of("mib"),
          "--files", List.of("mib"),
          "--ranking", List.of("mib"),
          "--scan", List.of("neuronpedia"),
          "--slug", List.of("neuronpedia"),
          "--max-links", List.of("neuronpedia"));

  @Parameters(
      paramLabel = "RUN",
      description = "A run directory, or a circuit of ours or of EAP-IG, .json or .pt.")
  @SuppressWarnings("NullAway.Init") // picocli sets it.
  private Path source;

  @Option(
      names = "--format",
      paramLabel = "FORMAT",
      required = true,
      description = "eap-ig, pt, mib, neuronpedia, dot, csv, graphml or tensorboard.")
  private String format = "";

  @Option(
      names = "--out",
      paramLabel = "FILE",
      description = "File or folder to write; for mib that of the submission. Default: beside RUN.")
  private @Nullable Path out;

  @Option(names = "--force", description = "Replace what is there already.")
  private boolean force;

  @Option(
      names = "--edges",
      paramLabel = "WHICH",
      description = "circuit or all. Default: all for csv, circuit for dot and graphml.")
  private @Nullable EdgeChoice edges;

  @Option(
      names = "--cell",
      paramLabel = "TASK_MODEL",
      description = "mib: the cell, such as ioi_gpt2.")
  private @Nullable String cell;

  @Option(
      names = "--circuits",
      description = "mib: nine circuits of at most 0.1%% to 50%% of the edges, not importances.")
  private boolean circuits;

  @Option(
      names = "--files",
      paramLabel = "TYPE",
      description = "mib: json or pt. Default: ${DEFAULT-VALUE}.",
      defaultValue = "json")
  private MibSubmission.Type files = MibSubmission.Type.JSON;

  @Option(
      names = "--ranking",
      paramLabel = "HOW",
      description = "mib --circuits: absolute or signed. Default: ${DEFAULT-VALUE}.",
      defaultValue = "absolute")
  private Circuit.Ranking ranking = Circuit.Ranking.ABSOLUTE;

  @Option(
      names = "--scan",
      paramLabel = "ID",
      description = "neuronpedia: its name of the model. Default: the model's file.")
  private @Nullable String scan;

  @Option(
      names = "--slug",
      paramLabel = "NAME",
      description = "neuronpedia: the graph's name. Default: the run's.")
  private @Nullable String slug;

  @Option(
      names = "--max-links",
      paramLabel = "N",
      description = "neuronpedia: the strongest are kept. Default: ${DEFAULT-VALUE}.",
      defaultValue = "20000")
  private int maxLinks;

  @Mixin private final OutputOptions output = new OutputOptions();

  @Spec
  @SuppressWarnings("NullAway.Init") // picocli sets it.
  private CommandSpec command;

  @Override
  public Integer call() throws IOException {
    ExportFormat asked = asked();
    refuseStrays();
    CircuitExport export = CircuitExport.write(CircuitSource.of(source), asked, out, force);
    if (output.json()) {
      output
          .out()
          .println(
              new JsonMapper()
                  .createObjectNode()
                  .put("file", export.path().toString())
                  .put("edges", export.edges())
                  .put("of_edges", export.ofEdges())
                  .put("links_left_out", export.linksLeftOut()));
    }
    output
        .prose()
        .printf(
            "%s: %d of %d %s are in the circuit%s%n",
            export.path(),
            export.edges(),
            export.ofEdges(),
            export.level().nouns(),
            leftOut(export));
    output.prose().flush();
    output.out().flush();
    return 0;
  }

  private static String leftOut(CircuitExport export) {
    return export.linksLeftOut() == 0
        ? ""
        : "; %d weaker links were left out, raise --max-links".formatted(export.linksLeftOut());
  }

  private ExportFormat asked() {
    return switch (format) {
      case "eap-ig" -> new ExportFormat.EapIg();
      case "pt" -> new ExportFormat.Pt();
      case "mib" -> mib();
      case "neuronpedia" -> new ExportFormat.Neuronpedia(scan, slug, maxLinks);
      case "dot" -> new ExportFormat.Dot(chosen(EdgeChoice.CIRCUIT));
      case "csv" -> new ExportFormat.Csv(chosen(EdgeChoice.ALL));
      case "tensorboard" -> new ExportFormat.TensorBoard();
      case "graphml" -> new ExportFormat.GraphMl(chosen(EdgeChoice.CIRCUIT));
      default ->
          throw new IllegalArgumentException(
              "--format must be eap-ig, pt, mib, neuronpedia, dot, csv, graphml or tensorboard, got '%s'"
                  .formatted(format));
    };
  }

  private ExportFormat mib() {
    if (cell == null) {
      throw new IllegalArgumentException(
          "--format mib needs --cell TASK_MODEL, the name of the folder, such as ioi_gpt2");
    }
    MibSubmission.Content content =
        circuits ? MibSubmission.Content.CIRCUITS : MibSubmission.Content.IMPORTANCES;
    return new ExportFormat.Mib(new MibCell(cell), new MibSubmission(content, files, ranking));
  }

  private EdgeChoice chosen(EdgeChoice usual) {
    return Objects.requireNonNullElse(edges, usual);
  }

  /** Refuses options of other formats, which would do nothing. */
  private void refuseStrays() {
    BELONGS.forEach((option, formats) -> {
      if (command.commandLine().getParseResult().hasMatchedOption(option)
          && !formats.contains(format)) {
        throw new IllegalArgumentException(
            "%s is for --format %s only".formatted(option, String.join(" and ", formats)));
      }
    });
  }
}
