package dev.cotrace.cli;

import dev.cotrace.CircuitSource;
import dev.cotrace.DiscoverySpec;
import dev.cotrace.FeatureEdges;
import dev.cotrace.circuit.Level;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** From features to what reads them. */
@Command(
    name = "edges",
    description = {
      "Scores the edges between the strongest units of a run with another --level than edge, and",
      "from them to the logits: the same rollouts once more, the gradient taken apart."
    },
    mixinStandardHelpOptions = true,
    sortOptions = false,
    abbreviateSynopsis = true,
    footer = {"", "Examples", "  cotrace edges runs/NAME", "  cotrace edges runs/NAME --top 100"})
final class EdgesCommand implements Callable<Integer> {
  private static final int SHOWN = 15;

  @Mixin private final CircuitOptions circuit = new CircuitOptions();

  @Option(
      names = "--top",
      paramLabel = "N",
      description = {
        "Features, neurons or coordinates with the largest |score| that are looked at one by one,",
        "beside whole nodes; of each part the others are its rest. Default: ${DEFAULT-VALUE}."
      },
      defaultValue = "40")
  private int top;

  @Mixin private final TaskOptions task = new TaskOptions();
  @Mixin private final AttributionOptions attribution = new AttributionOptions();
  @Mixin private final DryRunOption dryRun = new DryRunOption();
  @Mixin private final OutputOptions output = new OutputOptions();

  @Override
  public Integer call() throws IOException {
    CircuitSource source = circuit.source();
    DiscoverySpec spec = circuit.spec(List.of(task.flags(), attribution.flags()));
    Path out = circuit.directory("edges");
    if (dryRun.asked()) {
      dryRun.print(FeatureEdges.plan(spec, source, top, output.listener()), output);
    } else {
      FeatureEdges edges = FeatureEdges.run(spec, source, top, out, output.listener());
      print(output.prose(), edges);
      if (output.json()) {
        output.out().println(edges.json());
      }
    }
    output.out().flush();
    return 0;
  }

  private static void print(PrintWriter out, FeatureEdges edges) {
    String nouns = edges.level().nouns();
    List<Integer> strongest = edges.strongest(SHOWN);
    out.printf(
        "%nThe %d strongest edges of %d between %s and all that reads:%n",
        strongest.size(),
        edges.units().unitCount(),
        edges.chosen() == 0
            ? "nodes"
            : "%d %s, what else writes,"
                .formatted(edges.chosen(), edges.chosen() == 1 ? edges.level().noun() : nouns));
    table(out, edges, strongest);
    if (edges.chosen() > 0) {
      List<Integer> own = edges.strongestOfChosen(SHOWN);
      out.printf("%nThe %d strongest from or to these %s:%n", own.size(), nouns);
      table(out, edges, own);
    }
    out.println();
    if (edges.chosen() > 0) {
      out.printf(
          "Edges between these %s, whole nodes and the logits add up to %s, those from or into others to %s%s.%n",
          nouns,
          Numbers.text(edges.explained()),
          Numbers.text(edges.left()),
          edges.level() == Level.FEATURE
              ? ", those from errors to " + Numbers.text(edges.errors())
              : "");
    }
    out.printf("All of them: %s.%nFiles: %s%n", edges.attribution().completeness(), edges.path());
    out.flush();
  }

  private static void table(PrintWriter out, FeatureEdges edges, List<Integer> cells) {
    EdgeTable.edges(
        out,
        edges.attribution(),
        edges.attribution().significance().q(),
        edges.stability().inclusion(),
        cells);
  }
}
