package dev.cotrace.cli;

import dev.cotrace.hub.CachedModel;
import dev.cotrace.hub.FileChoice;
import dev.cotrace.hub.Hub;
import dev.cotrace.hub.HubReference;
import dev.cotrace.hub.HubSettings;
import dev.cotrace.hub.HubToken;
import dev.cotrace.hub.Pull;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.json.JsonMapper;

/** A model of the hub for this machine. */
@Command(
    name = "pull",
    description = {
      "Downloads a model of the Hugging Face hub into the cache that Python's tools use too."
    },
    mixinStandardHelpOptions = true,
    sortOptions = false,
    abbreviateSynopsis = true,
    footer = {
      "",
      "What came is kept when a download breaks off; the same command goes on from there.",
      "The environment is that of huggingface_hub: HF_HOME, HF_HUB_CACHE, HF_TOKEN, HF_ENDPOINT,",
      "HF_HUB_OFFLINE and others (docs/models.md).",
      "",
      "Examples",
      "  cotrace pull HuggingFaceTB/SmolLM2-135M-Instruct",
      "  cotrace pull org/name@v1.0",
      "  cotrace pull org/name-GGUF --gguf name.Q8_0.gguf"
    })
final class PullCommand implements Callable<Integer> {
  @Parameters(paramLabel = "MODEL", description = "org/name, org/name@REVISION or hf://….")
  @SuppressWarnings("NullAway.Init") // picocli sets it.
  private String model;

  @Option(
      names = "--include",
      paramLabel = "GLOB",
      description = {
        "Only files whose names match, with * for any text and ? for a character; may be repeated.",
        "Default: what a model needs. Pickled files are never fetched."
      })
  private List<String> include = List.of();

  @Option(
      names = "--gguf",
      paramLabel = "FILE",
      description = "This GGUF file, instead of safetensors or of several GGUF files.")
  private @Nullable String gguf;

  @Mixin private final OutputOptions output = new OutputOptions();

  @Override
  public Integer call() throws IOException {
    HubReference reference = reference();
    FileChoice choice = new FileChoice(include, gguf == null ? reference.file() : gguf);
    Map<String, String> environment = output.main().environment();
    Path home = Path.of(System.getProperty("user.home", ""));
    HubSettings settings = HubSettings.of(environment, home);
    try (Hub hub = new Hub(settings, HubToken.of(environment, home))) {
      Pull pull = Pull.plan(hub, settings, reference, choice);
      announce(pull, reference, settings.cache());
      output
          .main()
          .interruption()
          .leaving("what came is kept, the same command goes on from there");
      PullDisplay display = new PullDisplay(output.err(), output.main().interruption());
      report(pull, reference, pull.run(display));
    }
    return 0;
  }

  private HubReference reference() {
    return HubReference.parse(model)
        .orElseThrow(() ->
            new IllegalArgumentException(
                "expected a model of the hub such as org/name or org/name@revision, got '%s'"
                    .formatted(model)));
  }

  private void announce(Pull pull, HubReference reference, Path cache) {
    PrintWriter prose = output.prose();
    prose.printf(
        "%s is commit %s: %d files, %s, of which %s %s to come to %s%n",
        reference,
        pull.commit().substring(0, 7),
        pull.files().size(),
        Pull.size(pull.bytes()),
        Pull.size(pull.missingBytes()),
        pull.missingBytes() == 1 ? "is" : "are",
        cache);
    prose.flush();
  }

  private void report(Pull pull, HubReference reference, CachedModel cached) {
    if (output.json()) {
      Map<String, Object> facts = new LinkedHashMap<>();
      facts.put("repository", cached.repository().text());
      facts.put("revision", reference.revision());
      facts.put("commit", cached.commit());
      facts.put("files", pull.files());
      facts.put("bytes", pull.bytes());
      facts.put("fetched_bytes", pull.missingBytes());
      facts.put("path", cached.directory().toString());
      output.out().println(new JsonMapper().writeValueAsString(facts));
    } else {
      output.out().println(cached.directory());
    }
    output.out().flush();
  }
}
