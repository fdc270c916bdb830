package dev.cotrace.bench;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.MissingNode;

/**
 * This program in a process of its own, because memory that a process has given back still counts
 * in its peak.
 *
 * @param mainClass the class whose main method takes the command {@code bench}
 */
public record ChildJvm(String mainClass) {
  /**
   * Peak resident memory of a process that loads the model and makes one attribution of {@code
   * batch} rollouts of {@code tokens} tokens, in bytes.
   *
   * @throws IllegalArgumentException when the child refuses, or the system does not tell
   */
  long peakMemory(BenchSettings settings, int batch, int tokens) throws IOException {
    List<String> command = command();
    command.addAll(arguments(settings, batch, tokens));
    // Into a file: waiting for a process can be interrupted, reading what it says cannot.
    Path output = Files.createTempFile("cotrace-bench", ".txt");
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    try {
      int code = process.waitFor();
      List<String> said = Files.readAllLines(output);
      JsonNode peak =
          said.stream()
              .filter(line -> line.startsWith("{"))
              .map(line -> new JsonMapper().readTree(line).path("peak_memory_bytes"))
              .findFirst()
              .orElse(MissingNode.getInstance());
      if (code != 0 || peak.isMissingNode()) {
        throw new IllegalArgumentException(
            "the process that measures the memory of T = %d ended with code %d: %s"
                .formatted(tokens, code, said.isEmpty() ? "it said nothing" : said.getLast()));
      }
      if (peak.isNull()) {
        throw new IllegalArgumentException(
            "peak memory is known on Linux only (VmHWM of /proc/self/status): leave e out of --only");
      }
      return peak.longValue();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CancellationException("interrupted while another process was measured");
    } finally {
      process.destroy();
      Files.deleteIfExists(output);
    }
  }

  /** This JVM's program, options and class path; agents that watch it do not watch the child. */
  private List<String> command() {
    List<String> command = new ArrayList<>();
    command.add(
        ProcessHandle.current()
            .info()
            .command()
            .orElse(System.getProperty("java.home") + "/bin/java"));
    ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(option -> !option.startsWith("-javaagent") && !option.startsWith("-agent"))
        .forEach(command::add);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), mainClass));
    return command;
  }

  private static List<String> arguments(BenchSettings settings, int batch, int tokens) {
    List<String> arguments = new ArrayList<>(List.of("bench", "--only", "c", "--rounds", "1"));
    String model = settings.model();
    arguments.addAll(
        model == null ? List.of("--shape", settings.shape().label()) : List.of("--model", model));
    arguments.addAll(List.of("--batch", String.valueOf(batch)));
    arguments.addAll(List.of("--tokens", String.valueOf(tokens)));
    arguments.addAll(List.of("--prompt-tokens", String.valueOf(settings.promptTokens())));
    arguments.addAll(List.of("--objective", settings.objective()));
    arguments.addAll(List.of("--dtype", settings.dtype(), "--device", settings.device()));
    if (settings.threads() != null) {
      arguments.addAll(List.of("--threads", settings.threads().toString()));
    }
    return arguments;
  }
}
