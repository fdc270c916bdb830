package dev.cotrace.cli;

import dev.cotrace.FinishedRun;
import dev.cotrace.FinishedRunJson;
import dev.cotrace.StoredTranscript;
import dev.cotrace.TokenMeasure;
import dev.cotrace.circuit.Component;
import dev.cotrace.circuit.Estimate;
import dev.cotrace.circuit.ScorePart;
import dev.cotrace.circuit.Units;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** A finished run to look at. */
@Command(
    name = "show",
    description = {
      "Shows what a run found, from its files alone: J and what the scores add up to, the strongest",
      "edges, every head and MLP as a grid of cells, and a transcript with its tokens coloured."
    },
    mixinStandardHelpOptions = true,
    sortOptions = false,
    abbreviateSynopsis = true,
    footer = {
      "",
      "The score of a component is the sum over its outgoing edges, or its units. Blue raises J,",
      "orange lowers it.",
      "",
      "Examples",
      "  cotrace show runs/NAME",
      "  cotrace show runs/NAME --top 40 --part through",
      "  cotrace show runs/NAME --pair 3 --transcript 1 --colour-by surprisal",
      "  cotrace show runs/NAME --color always | less -R"
    })
final class ShowCommand implements Callable<Integer> {
  @Parameters(paramLabel = "RUN", description = "A run directory.")
  @SuppressWarnings("NullAway.Init") // picocli sets it.
  private Path run;

  @Option(
      names = "--top",
      paramLabel = "N",
      description = "Edges, or other units, to list. Default: ${DEFAULT-VALUE}.",
      defaultValue = "15")
  private int top;

  @Option(
      names = "--part",
      paramLabel = "PART",
      description = {
        "Scores by which edges are ranked, and of which components and masses are: total, direct",
        "(around the words) or through (the words). Default: ${DEFAULT-VALUE}."
      },
      defaultValue = "total")
  private ScorePart part = ScorePart.TOTAL;

  @Option(
      names = "--transcript",
      paramLabel = "N",
      description = {
        "Show the N-th of the transcripts that have what --colour-by asks for, in the order they",
        "were sampled; 0 for none. Default: the one with the largest numbers."
      })
  private @Nullable Integer transcript;

  @Option(names = "--pair", paramLabel = "ID", description = "Transcripts of this pair only.")
  private @Nullable String pair;

  @Option(
      names = {"--colour-by", "--color-by"},
      paramLabel = "WHAT",
      description = {
        "mass: the gradient at each position, summed over all gates; advantage: how much better than",
        "expected it went after each token; surprisal: -log p of each. Default: mass, else surprisal."
      })
  private @Nullable TokenMeasure colourBy;

  @Mixin private final ColorOption color = new ColorOption();
  @Mixin private final OutputOptions output = new OutputOptions();

  @Override
  public Integer call() throws IOException {
    if (top < 1) {
      throw new IllegalArgumentException("--top must be at least 1, got " + top);
    }
    FinishedRun found = FinishedRun.read(run);
    Optional<StoredTranscript> shown = transcript(found);
    if (output.json()) {
      output.out().println(FinishedRunJson.of(found, part, top, shown));
    } else {
      print(found, shown);
    }
    output.out().flush();
    return 0;
  }

  private Optional<StoredTranscript> transcript(FinishedRun found) throws IOException {
    if (transcript != null && transcript == 0) {
      return Optional.empty();
    }
    List<TokenMeasure> measures =
        colourBy == null ? List.of(TokenMeasure.MASS, TokenMeasure.SURPRISAL) : List.of(colourBy);
    int number = transcript == null ? 0 : transcript;
    for (TokenMeasure measure : measures) {
      Optional<StoredTranscript> shown =
          found.transcript(new StoredTranscript.Choice(number, pair, measure, part));
      if (shown.isPresent()) {
        return shown;
      }
    }
    if (transcript != null || pair != null || colourBy != null) {
      throw new IllegalArgumentException(
          "the run lists no transcript with %s: advantage and mass need a method of gradients, and --estimator enumerate lists none"
              .formatted(measures.getLast().name().toLowerCase(Locale.ROOT)));
    }
    return Optional.empty();
  }

  private void print(FinishedRun found, Optional<StoredTranscript> shown) {
    PrintWriter out = output.out();
    Paint paint = color.paint(output.main().environment());
    RunHeadline.print(out, found);
    Units units = found.attribution().units();
    EdgeTable.strongest(
        out,
        found.attribution(),
        found.attribution().significance().q(),
        found.inclusion(),
        new EdgeTable.Ranked(found.strongest(part, units.unitCount()), top, part.after()));
    out.flush();
    List<Component> components = Component.of(units);
    List<Estimate> scores = found.components(part);
    if (components.size() == units.graph().sources()) {
      new ComponentGrid(units, scores, paint).print(output.colored(), part.after());
    } else {
      new ComponentList(components, scores, paint).print(output.colored(), part.after());
    }
    shown.ifPresent(each -> new TranscriptText(each, paint).print(output.colored()));
    output.colored().flush();
  }
}
