package dev.cotrace.bench;

import com.sun.management.OperatingSystemMXBean;
import dev.cotrace.Provenance;
import dev.cotrace.model.Architecture;
import dev.cotrace.torch.Torch;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalInt;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;

/** What one must know of a measurement to compare it with another. */
final class Surroundings {
  private static final Path STATUS = Path.of("/proc/self/status");
  private static final String PEAK = "VmHWM:";

  private Surroundings() {}

  /** What stays the same through a run, by key. */
  static SequencedMap<String, Object> of(Subject subject, BenchSettings settings) {
    SequencedMap<String, Object> facts = new LinkedHashMap<>();
    facts.put("model", model(subject));
    facts.put("dtype", settings.dtype());
    facts.put("device", settings.device());
    facts.put("threads", Torch.threads());
    OptionalInt blasThreads = Torch.blasThreads();
    facts.put("blas", Torch.blas());
    facts.put("blas_threads", blasThreads.isPresent() ? blasThreads.getAsInt() : null);
    facts.put("cotrace", Provenance.version());
    facts.put("java", System.getProperty("java.vm.name") + " " + Runtime.version());
    facts.put("machine", machine());
    return facts;
  }

  private static Map<String, Object> model(Subject subject) {
    Architecture a = subject.decoder().architecture();
    SequencedMap<String, Object> model = new LinkedHashMap<>();
    model.put("name", subject.name());
    model.put("family", a.family());
    model.put("layers", a.layers());
    model.put("width", a.width());
    model.put("heads", a.heads());
    model.put("key_value_heads", a.keyValueHeads());
    model.put("mlp", a.mlp().width());
    model.put("vocabulary", a.vocabulary());
    model.put("parameters", subject.parameters());
    return model;
  }

  private static Map<String, Object> machine() {
    SequencedMap<String, Object> machine = new LinkedHashMap<>();
    machine.put("os", System.getProperty("os.name") + " " + System.getProperty("os.version"));
    machine.put("architecture", System.getProperty("os.arch"));
    machine.put("cores", Runtime.getRuntime().availableProcessors());
    machine.put(
        "memory_bytes",
        ManagementFactory.getOperatingSystemMXBean() instanceof OperatingSystemMXBean system
            ? system.getTotalMemorySize()
            : null);
    return machine;
  }

  /** Processes that want a core, on average over the last minute; null where it is not known. */
  static @Nullable Double load() {
    double load = ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage();
    return load < 0 ? null : load;
  }

  /** The most resident memory this process has had so far, in bytes; null but on Linux. */
  static @Nullable Long peakMemory() throws IOException {
    if (!Files.exists(STATUS)) {
      return null;
    }
    return Files.readAllLines(STATUS).stream()
        .filter(line -> line.startsWith(PEAK))
        .map(line -> line.replaceAll("[^0-9]", ""))
        .map(kibibytes -> 1024 * Long.parseLong(kibibytes))
        .findFirst()
        .orElse(null);
  }
}
