package dev.cotrace.cli;

import dev.cotrace.ModelCatalogue;
import dev.cotrace.ModelCatalogue.Entry;
import dev.cotrace.hub.HubCache;
import dev.cotrace.hub.HubSettings;
import dev.cotrace.hub.Pull;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import tools.jackson.databind.PropertyNamingStrategies;
import tools.jackson.databind.json.JsonMapper;

/** The models at hand. */
@Command(
    name = "models",
    description = "Lists the models on this machine: built-in ones, and those in the hub cache.",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    abbreviateSynopsis = true,
    footer = {
      "",
      "The first column is what to give --model.",
      "",
      "Examples",
      "  cotrace models",
      "  cotrace models --json"
    })
final class ModelsCommand implements Callable<Integer> {
  private static final JsonMapper JSON =
      JsonMapper.builder().propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE).build();

  @Mixin private final OutputOptions output = new OutputOptions();

  @Override
  public Integer call() throws IOException {
    Path home = Path.of(System.getProperty("user.home", ""));
    Path cache = HubSettings.of(output.main().environment(), home).cache();
    Path checkout = Path.of(System.getProperty("cotrace.root", ""));
    ModelCatalogue catalogue = ModelCatalogue.of(checkout, new HubCache(cache));
    PrintWriter out = output.out();
    if (output.json()) {
      out.println(JSON.writeValueAsString(catalogue));
    } else {
      list(out, "Built in, in " + checkout.resolve("models"), catalogue.builtIn());
      list(out, "Of the hub, in " + cache, catalogue.cached());
    }
    out.flush();
    return 0;
  }

  private static void list(PrintWriter out, String title, List<Entry> entries) {
    out.printf("%s:%n", title);
    int longest = entries.stream().mapToInt(entry -> entry.name().length()).max().orElse(0);
    for (Entry entry : entries) {
      String line =
          ("  %-" + longest + "s  %9s  %-7s  %-11s  %s")
              .formatted(
                  entry.name(),
                  Pull.size(entry.bytes()),
                  entry.commit() == null ? "" : entry.commit().substring(0, 7),
                  entry.family() == null ? "" : entry.family(),
                  entry.path().equals(entry.name()) ? "" : entry.path());
      out.println(line.stripTrailing());
      if (entry.problem() != null) {
        out.println("    cannot be used: " + entry.problem());
      }
    }
    if (entries.isEmpty()) {
      out.println("  none");
    }
  }
}
