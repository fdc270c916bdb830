import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * What the memory planner predicts, beside what runs come to hold.
 *
 * <p>{@code ./cotrace bench/Memory.java} runs {@code cotrace discover} in processes of their own, reads their peak resident
 * memory (VmHWM, Linux only) and the prediction in provenance.json, and prints one line of a Markdown table for each. Lines
 * of SmolLM2 need models/fetch-smollm2. Arguments choose lines whose settings contain one of them.
 */
final class Memory {
  private static final String SMOL =
      "--model models/cache/SmolLM2-135M-Instruct.Q4_1.gguf --task models/tasks/smollm2-city.jsonl"
          + " --quadrature eap --points 1 --allot equal";
  private static final String ARITHMETIC =
      "--model models/arithmetic --task models/tasks/arithmetic-sum.jsonl --quadrature midpoint --points 4";

  private static final List<String> RUNS =
      List.of(
          ARITHMETIC + " --threads 1 --limit 16",
          ARITHMETIC + " --threads 2 --limit 16",
          ARITHMETIC + " --threads 1 --limit 16 --backward recompute --objective kl",
          ARITHMETIC + " --threads 1 --limit 32 --bins step",
          SMOL + " --threads 1 --limit 2 --batch-rows 8 --max-new-tokens 32",
          SMOL + " --threads 1 --limit 2 --batch-rows 8 --max-new-tokens 32 --backward recompute --objective kl",
          SMOL + " --threads 1 --limit 4 --batch-rows 32 --max-new-tokens 32",
          SMOL + " --threads 2 --limit 2 --batch-rows 8 --max-new-tokens 32",
          SMOL + " --threads 1 --limit 2 --batch-rows 8 --max-new-tokens 32 --bins step",
          SMOL + " --threads 1 --limit 2 --batch-rows 8 --max-new-tokens 128 --rollouts 4",
          SMOL + " --threads 1 --limit 2 --batch-rows 8 --max-new-tokens 32 --baseline per-edge");

  public static void main(String[] chosen) throws Exception {
    Path root = Path.of(System.getProperty("cotrace.root", "."));
    System.out.println("| settings | phase | predicted, GB | measured, GB | ratio |");
    System.out.println("| --- | --- | --- | --- | --- |");
    for (String run : RUNS) {
      if (chosen.length == 0 || Stream.of(chosen).anyMatch(run::contains)) {
        System.out.println(line(root, run));
      }
    }
  }

  private static String line(Path root, String settings) throws Exception {
    Path folder = Files.createTempDirectory("cotrace-memory");
    try {
      List<String> command = new ArrayList<>(List.of(root.resolve("cotrace").toString(), "discover"));
      command.addAll(List.of(settings.split(" ")));
      command.addAll(List.of("--out", folder.resolve("run").toString()));
      Process process =
          new ProcessBuilder(command)
              .directory(root.toFile())
              .redirectErrorStream(true)
              .redirectOutput(folder.resolve("said.txt").toFile())
              .start();
      long peak = 0;
      while (process.isAlive()) {
        peak = Math.max(peak, peak(process.pid()));
        Thread.sleep(50);
      }
      if (process.exitValue() != 0) {
        return "| %s | %s | | | |".formatted(settings, Files.readAllLines(folder.resolve("said.txt")).getLast());
      }
      JsonNode memory =
          new JsonMapper().readTree(folder.resolve("run/provenance.json").toFile()).get("memory");
      double predicted = memory.get("peak_bytes").doubleValue();
      return String.format(
          Locale.ROOT,
          "| `%s` | %s | %.2f | %.2f | %.2f |",
          settings,
          memory.get("peak_phase").stringValue(),
          predicted / 1e9,
          peak / 1e9,
          predicted / peak);
    } finally {
      try (Stream<Path> files = Files.walk(folder)) {
        for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(file);
        }
      }
    }
  }

  /** Peak resident memory of a process in bytes; 0 once it has ended. */
  private static long peak(long process) {
    try {
      return Files.readAllLines(Path.of("/proc/" + process + "/status")).stream()
          .filter(line -> line.startsWith("VmHWM:"))
          .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) << 10)
          .findFirst()
          .orElse(0);
    } catch (IOException e) {
      return 0;
    }
  }
}
