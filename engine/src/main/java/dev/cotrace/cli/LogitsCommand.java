package dev.cotrace.cli;

import dev.cotrace.Prediction;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.core.JsonGenerator;
import tools.jackson.databind.json.JsonMapper;

/** What a model predicts, to compare with other programs. */
@Command(
    name = "logits",
    description = "Shows what the plain model predicts at every position of a text.",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    abbreviateSynopsis = true,
    footer = {
      "",
      "Examples",
      "  cotrace logits models/arithmetic --text \"12+7=\"",
      "  cotrace logits models/arithmetic --ids 3,1,4 --top 3",
      "  cotrace logits models/arithmetic --ids 3,1,4 --all --json > logprobs.json"
    })
final class LogitsCommand implements Callable<Integer> {
  @Parameters(paramLabel = "MODEL", description = "A model as --model takes it.")
  @SuppressWarnings("NullAway.Init") // picocli sets it.
  private String model;

  @Option(
      names = "--ids",
      paramLabel = "ID",
      split = ",",
      description = "Token ids to feed, separated by commas.")
  private @Nullable List<Integer> ids;

  @Option(names = "--text", paramLabel = "TEXT", description = "A text to feed instead.")
  private @Nullable String text;

  @Option(
      names = "--bos",
      description = "Put the beginning-of-sequence token before TEXT; nothing is added otherwise.")
  private boolean bos;

  @Option(names = "--chat", description = "TEXT is a user's message for the model's chat template.")
  private boolean chat;

  @Option(
      names = "--top",
      paramLabel = "N",
      description = "Next tokens to name at each position. Default: ${DEFAULT-VALUE}.",
      defaultValue = "5")
  private int top;

  @Option(
      names = "--all",
      description =
          "With --json: also logprobs, the log-probability of every token at every position.")
  private boolean all;

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
    if (top < 1) {
      throw new IllegalArgumentException("--top must be at least 1, got " + top);
    }
    if (all && !output.json()) {
      throw new IllegalArgumentException("--all needs --json: it is too much to read");
    }
    if (output.json()) {
      writeJson();
    } else {
      print();
    }
    output.out().flush();
    return 0;
  }

  private Prediction.Input input() {
    if (ids != null && text == null) {
      if (bos || chat) {
        throw new IllegalArgumentException(
            "%s is for --text; --ids are fed as they are".formatted(bos ? "--bos" : "--chat"));
      }
      return new Prediction.Input.Ids(ids.stream().mapToInt(Integer::intValue).toArray());
    }
    if (text == null || ids != null) {
      throw new IllegalArgumentException(
          "expected either --ids or --text, got %s".formatted(ids == null ? "neither" : "both"));
    }
    if (bos && chat) {
      throw new IllegalArgumentException(
          "--bos and --chat exclude each other: a chat template writes its own beginning");
    }
    return chat
        ? new Prediction.Input.Chat(text)
        : bos ? new Prediction.Input.Begun(text) : new Prediction.Input.Text(text);
  }

  private void print() throws IOException {
    PrintWriter out = output.out();
    Prediction.each(
        model,
        dtype,
        device,
        input(),
        top,
        prediction -> {
          if (prediction.position() == 0) {
            out.printf("%8s  %-24s %s%n", "position", "token fed", "next tokens: log-probability");
          }
          List<String> candidates = new ArrayList<>();
          for (Prediction.Candidate next : prediction.top()) {
            candidates.add(
                String.format(Locale.ROOT, "%s %.4f", next.shown(), next.logProbability()));
          }
          out.printf(
              "%8d  %-24s %s%n",
              prediction.position(), prediction.shown(), String.join("  ", candidates));
        });
  }

  /**
   * Rows are written as they come, because those of a long text are more than the heap holds; and
   * nothing before the first one, so that a refused input leaves no half an object.
   */
  private void writeJson() throws IOException {
    List<Prediction> predictions = new ArrayList<>();
    JsonGenerator json = new JsonMapper().createGenerator(output.out());
    Prediction.each(
        model,
        dtype,
        device,
        input(),
        top,
        prediction -> {
          if (predictions.isEmpty()) {
            json.writeStartObject();
            json.writeStringProperty("model", model);
            json.writeStringProperty("dtype", dtype);
            if (all) {
              json.writeArrayPropertyStart("logprobs");
            }
          }
          if (all) {
            json.writeArray(prediction.logProbabilities(), 0, prediction.logProbabilities().length);
          }
          predictions.add(prediction.withoutAll());
        });
    if (all) {
      json.writeEndArray();
    }
    writeTokens(json, predictions);
    json.writeEndObject();
    json.flush();
    output.out().println();
  }

  private static void writeTokens(JsonGenerator json, List<Prediction> predictions) {
    json.writeName("ids");
    json.writeArray(predictions.stream().mapToInt(Prediction::id).toArray(), 0, predictions.size());
    json.writeArrayPropertyStart("tokens");
    predictions.forEach(prediction -> json.writeString(prediction.text()));
    json.writeEndArray();
    json.writeArrayPropertyStart("top");
    for (Prediction prediction : predictions) {
      json.writeStartArray();
      for (Prediction.Candidate next : prediction.top()) {
        json.writeStartObject();
        json.writeNumberProperty("id", next.id());
        json.writeStringProperty("token", next.text());
        json.writeNumberProperty("logprob", next.logProbability());
        json.writeEndObject();
      }
      json.writeEndArray();
    }
    json.writeEndArray();
  }
}
