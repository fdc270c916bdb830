package dev.cotrace.cli;

import dev.cotrace.Discovery;
import dev.cotrace.DiscoveryResult;
import dev.cotrace.FeatureReport;
import dev.cotrace.SpecYaml;
import dev.cotrace.circuit.Attribution;
import dev.cotrace.circuit.Estimate;
import dev.cotrace.circuit.Pieces;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.DoubleStream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The main job on the built-in model, whose truth is known. */
@Command(
    name = "demo",
    description =
        "Runs the main job on the built-in model: two tasks, and one of them by features.",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    abbreviateSynopsis = true,
    footer = {
      "",
      "Examples",
      "  cotrace demo",
      "  cotrace demo --out first-runs",
      "  cotrace show first-runs/arithmetic-sum"
    })
final class DemoCommand implements Callable<Integer> {
  /** The launcher says where the checkout is. */
  private static final String ROOT = "cotrace.root";

  private static final String SUM = "arithmetic-sum";
  private static final String HINT = "arithmetic-hint";
  private static final Map<String, Object> SETTINGS =
      Map.of("limit", 24, "points", 15, "top", "20%", "batch-rows", 128, "bins", "step");
  private static final String FEATURES = "arithmetic-sum-features";
  private static final String DICTIONARY = "arithmetic-resid1";

  /** Features whose texts are shown, places of each, and tokens around each place. */
  private static final int SHOWN = 4;

  private static final int PLACES = 3;
  private static final int AROUND = 8;

  private static final String LINE = "  %-16s %22s %22s %22s%n";

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description = "Directory to make, for three run directories. Default: three under runs/.")
  private @Nullable Path out;

  @Mixin private final OutputOptions output = new OutputOptions();

  @Override
  public Integer call() throws IOException {
    Path root = Path.of(System.getProperty(ROOT, ""));
    Path model = root.resolve("models").resolve("arithmetic");
    if (!Files.isDirectory(model)) {
      throw new IllegalArgumentException(
          "the built-in model is not at %s; start the demo with the launcher, ./cotrace demo"
              .formatted(model));
    }
    if (out != null && Files.exists(out)) {
      throw new IllegalArgumentException(
          "the output directory %s already exists; give another --out or remove it".formatted(out));
    }
    PrintWriter prose = output.prose();
    prose.printf(
        """
        The built-in model does sums in writing. Asked S8507h8: it adds up 8, 5, 0 and 7 in an order of
        its own choosing, such as 0>0;7>7;8>5;5>0= and then says the last digit, 0. Asked H8507h8: it
        writes the same sums, but must say the hint, 8.
        """);
    List<DiscoveryResult> results = new ArrayList<>();
    results.add(run(root, model, SUM, "\nSums. The corrupted prompts have one digit changed."));
    results.add(run(root, model, HINT, "\nHints. The corrupted prompts have another hint."));
    DiscoveryResult features = features(root, model);
    summarise(prose, results);
    if (output.json()) {
      output
          .out()
          .printf(
              "{\"runs\":[%s,%s,%s]}%n",
              results.getFirst().json(), results.getLast().json(), features.json());
    }
    output.out().flush();
    return 0;
  }

  private DiscoveryResult run(Path root, Path model, String task, String title) throws IOException {
    return run(root, model, task, task, title, Map.of());
  }

  /** Sums once more, with gates on features in place of edges, and what the strongest stand for. */
  private DiscoveryResult features(Path root, Path model) throws IOException {
    Path dictionary = root.resolve("models").resolve("dictionaries").resolve(DICTIONARY);
    DiscoveryResult result =
        run(
            root,
            model,
            SUM,
            FEATURES,
            "\nSums by features of a sparse autoencoder, of what goes on behind the second layer.",
            Map.of("level", "feature", "dictionary", List.of(dictionary.toString()), "top", "10%"));
    Pieces pieces = (Pieces) result.attribution().units();
    int[] strongest =
        result.strongest(pieces.unitCount()).stream()
            .filter(cell -> !pieces.isError(cell))
            .limit(SHOWN)
            .mapToInt(Integer::intValue)
            .toArray();
    FeatureReport texts =
        FeatureReport.of(
            result.spec(),
            dictionary.toString(),
            new FeatureReport.Told(null, null, null),
            new FeatureReport.Request(strongest, SHOWN, PLACES, AROUND, 2000),
            output.listener());
    output.prose().printf("%nWhere the strongest are most active in the model's texts:%n");
    for (FeatureReport.Shown shown : texts.shown()) {
      FeatureText.print(output.prose(), pieces.name(shown.feature()), shown);
    }
    output.prose().flush();
    return result;
  }

  private DiscoveryResult run(
      Path root, Path model, String task, String name, String title, Map<String, Object> more)
      throws IOException {
    output.prose().println(title);
    output.prose().flush();
    Map<String, Object> flags = new HashMap<>(SETTINGS);
    flags.putAll(more);
    flags.put("model", model.toString());
    flags.put("task", root.resolve("models").resolve("tasks").resolve(task + ".jsonl").toString());
    if (out != null) {
      flags.put("out", out.resolve(name).toString());
    }
    DiscoveryResult result = Discovery.run(SpecYaml.read(null, flags), output.listener());
    EdgeTable.print(output.prose(), result);
    return result;
  }

  private static void summarise(PrintWriter prose, List<DiscoveryResult> results) {
    prose.printf("%nWhat the clean prompt changes, summed over all edges:%n");
    prose.printf(LINE, "task", "J(1) − J(0)", "through the words", "around the words");
    for (DiscoveryResult result : results) {
      Attribution attribution = result.attribution();
      Estimate difference = attribution.ends().difference();
      Numbers numbers = Numbers.like(DoubleStream.of(difference.value()));
      prose.printf(
          LINE,
          String.valueOf(Path.of(result.spec().task()).getFileName()).replace(".jsonl", ""),
          numbers.signedOf(difference),
          numbers.signedOf(attribution.throughCot().sum()),
          numbers.signedOf(attribution.direct().sum()));
    }
    prose.flush();
  }
}
