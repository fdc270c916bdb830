package dev.cotrace.cli;

import dev.cotrace.Checkup;
import dev.cotrace.Doctor;
import dev.cotrace.ModelSource;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Whether a model is ready to be used. */
@Command(
    name = "doctor",
    description = {
      "Looks a model over: what it is, what it needs, whether its logits are right, what to fix.",
      "Ends with 1 if something is wrong."
    },
    mixinStandardHelpOptions = true,
    sortOptions = false,
    abbreviateSynopsis = true,
    footer = {
      "",
      "Examples",
      "  cotrace doctor models/arithmetic",
      "  cotrace doctor MODEL --dtype bfloat16 --max-new-tokens 256 --batch-rows 32",
      "  cotrace doctor MODEL --goldens goldens.safetensors"
    })
final class DoctorCommand implements Callable<Integer> {
  @Parameters(paramLabel = "MODEL", description = "A model as --model takes it.")
  @SuppressWarnings("NullAway.Init") // picocli sets it.
  private String model;

  @Option(
      names = "--goldens",
      paramLabel = "FILE",
      description = {
        "Logits of another program, a safetensors file with input_ids [B, T] and logits [B, T, V].",
        "Default: goldens.safetensors beside the model, if it is there."
      })
  private @Nullable Path goldens;

  @Option(
      names = "--prompt-tokens",
      paramLabel = "N",
      description = "Tokens of the longest prompt, for the memory. Default: 64, or what fits.")
  private @Nullable Integer promptTokens;

  @Option(
      names = "--max-new-tokens",
      paramLabel = "N",
      description = "Sampled tokens, for the memory. Default: 64, or what fits.")
  private @Nullable Integer newTokens;

  @Option(
      names = "--batch-rows",
      paramLabel = "N",
      description = "Rollouts in one batch, for the memory. Default: ${DEFAULT-VALUE}.")
  private int batchRows = 64;

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Batches side by side, for the memory. Default: ${DEFAULT-VALUE}.")
  private int threads = 1;

  @Option(
      names = "--dtype",
      paramLabel = "TYPE",
      description = "float64, float32 or bfloat16. Default: ${DEFAULT-VALUE}.")
  private String dtype = "float32";

  @Option(
      names = "--device",
      paramLabel = "DEVICE",
      description = "libtorch's name of it, such as cpu or cuda:0. Default: ${DEFAULT-VALUE}.")
  private String device = "cpu";

  @Mixin private final OutputOptions output = new OutputOptions();

  @Override
  public Integer call() throws IOException {
    if (promptTokens != null) {
      requirePositive("--prompt-tokens", promptTokens);
    }
    requirePositive("--batch-rows", batchRows);
    requirePositive("--threads", threads);
    if (newTokens != null && newTokens < 0) {
      throw new IllegalArgumentException("--max-new-tokens must not be negative, got " + newTokens);
    }
    Doctor.Plan plan = new Doctor.Plan(dtype, device, promptTokens, newTokens, batchRows, threads);
    Checkup checkup = new Doctor(ModelSource.find(model).path(), plan, goldens).examine();
    if (output.json()) {
      output.out().println(checkup.json());
    } else {
      print(checkup, output.out());
    }
    output.out().flush();
    return checkup.isAnythingWrong() ? 1 : 0;
  }

  private static void requirePositive(String flag, int value) {
    if (value < 1) {
      throw new IllegalArgumentException("%s must be at least 1, got %d".formatted(flag, value));
    }
  }

  private static void print(Checkup checkup, PrintWriter out) {
    for (Checkup.Finding finding : checkup.findings()) {
      String mark =
          switch (finding.verdict()) {
            case FINE -> " ";
            case CARE -> "!";
            case WRONG -> "✗";
          };
      out.printf(Locale.ROOT, "%s %-14s %s%n", mark, finding.topic(), finding.text());
    }
    out.println();
    if (checkup.cures().isEmpty()) {
      out.println("Nothing to fix.");
    } else {
      out.println("What to do:");
      checkup.cures().forEach(finding -> out.printf("  %s: %s%n", finding.topic(), finding.cure()));
    }
  }
}
