package dev.cotrace.cli;

import dev.cotrace.CircuitSource;
import dev.cotrace.DiscoverySpec;
import dev.cotrace.SpecYaml;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What a command needs that samples from the circuit of a run, and keeps what it finds. */
final class CircuitOptions {
  @Parameters(
      paramLabel = "RUN",
      description = "A run directory, or a circuit of ours or of EAP-IG, .json or .pt.")
  @SuppressWarnings("NullAway.Init") // picocli sets it.
  private Path run;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description = "Directory to make. Default: a new one in RUN, or beside the circuit.")
  private @Nullable Path out;

  @Option(
      names = "--config",
      paramLabel = "FILE",
      description = "YAML of settings. Default: the run's spec.yaml.")
  private @Nullable Path config;

  CircuitSource source() {
    return CircuitSource.of(run);
  }

  /** The settings of the run, with {@code flags} in place of what they say. */
  DiscoverySpec spec(List<Map<String, Object>> flags) throws IOException {
    Map<String, Object> all = new HashMap<>();
    flags.forEach(all::putAll);
    return SpecYaml.read(config == null ? source().settings() : config, all);
  }

  /** The directory to make, called {@code name} unless the user says otherwise. */
  Path directory(String name) {
    return out == null ? source().free(name) : out;
  }
}
