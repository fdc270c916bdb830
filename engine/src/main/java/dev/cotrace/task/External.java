package dev.cotrace.task;

import dev.cotrace.rollout.Outcome;
import dev.cotrace.rollout.SampledText;
import java.math.BigInteger;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CancellationException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.json.JsonReadFeature;
import tools.jackson.core.json.JsonWriteFeature;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * {@code external}: a program of the user's says what each transcript is worth. It reads one JSON
 * object a line, {@code {"id": 0, "pair": …, "prompt": …, "text": …, "tokens": […], "answer": …,
 * "wrong": …, "finish": …}}, and answers each, in order, with a line {@code {"id": 0, "value":
 * 0.5}} (docs/objectives.md).
 *
 * <p>One program serves a whole run; threads take turns. After a failure it is killed, and every
 * later call fails in the same words.
 */
public final class External implements Outcome {
  /** Differences and products of larger values overflow float32. */
  private static final double LARGEST = 1e30;

  private static final JsonMapper JSON =
      JsonMapper.builder()
          .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
          .enable(JsonWriteFeature.ESCAPE_NON_ASCII)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private final ExternalProcess process;
  private final double timeout;
  private final ReentrantLock turn = new ReentrantLock(true);
  private long nextId;
  private @Nullable String failure;

  /**
   * Starts the program of {@code settings}.
   *
   * @param log hears each line of its standard error, on a thread of its own
   * @throws IllegalArgumentException when no program is given, or it cannot be started
   */
  public External(OutcomeSettings settings, Consumer<String> log) {
    settings.requireExternal();
    timeout = settings.externalTimeout();
    process = new ExternalProcess(settings.command(), log);
  }

  @Override
  public String name() {
    return "external";
  }

  @Override
  public double[] values(List<SampledText> texts) {
    try {
      turn.lockInterruptibly();
      try {
        if (failure != null) {
          throw new IllegalArgumentException(failure);
        }
        return ask(texts);
      } catch (InterruptedException e) {
        process.kill();
        failure = "--external-command was interrupted";
        throw e;
      } finally {
        turn.unlock();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CancellationException("interrupted while the external program was at work");
    }
  }

  private double[] ask(List<SampledText> texts) throws InterruptedException {
    if (texts.isEmpty()) {
      return new double[0];
    }
    long first = nextId;
    nextId += texts.size();
    StringBuilder lines = new StringBuilder();
    for (int i = 0; i < texts.size(); i++) {
      lines.append(line(first + i, texts.get(i))).append('\n');
    }
    long deadline = System.nanoTime() + (long) (timeout * TimeUnit.SECONDS.toNanos(1));
    process.send(lines.toString());
    double[] values = new double[texts.size()];
    for (int i = 0; i < values.length; i++) {
      String answer = process.answer(deadline - System.nanoTime());
      if (answer == null) {
        throw process.ended()
            ? failed(
                "%s, with %d of %d transcripts answered".formatted(process.end(), i, values.length))
            : failed(
                String.format(
                    Locale.ROOT,
                    "answered %d of %d transcripts within the %.6g seconds of --external-timeout (does it flush its output after every line?)",
                    i,
                    values.length,
                    timeout));
      }
      try {
        values[i] = value(first + i, answer);
      } catch (IllegalArgumentException e) {
        throw failed(String.valueOf(e.getMessage()));
      }
    }
    return values;
  }

  private static String line(long id, SampledText text) {
    ObjectNode line =
        JSON.createObjectNode()
            .put("id", id)
            .put("pair", text.pair())
            .put("prompt", text.prompt())
            .put("text", text.text());
    for (int token : text.tokens()) {
      line.withArray("tokens").add(token);
    }
    line.put("answer", text.answer()).put("wrong", text.wrong()).put("finish", text.finishLabel());
    return JSON.writeValueAsString(line);
  }

  /**
   * The number in an answer.
   *
   * @throws IllegalArgumentException what is wrong, with the program as the subject
   */
  static double value(long id, String answer) {
    JsonNode line = read(answer);
    JsonNode value = line.path("value");
    if (!line.path("id").isIntegralNumber() || !value.isNumber()) {
      throw new IllegalArgumentException(
          "answered '%s', but should answer {\"id\": %d, \"value\": NUMBER}"
              .formatted(ExternalProcess.shortened(answer), id));
    }
    if (!line.path("id").bigIntegerValue().equals(BigInteger.valueOf(id))) {
      throw new IllegalArgumentException(
          "answered id %s where %d was next; it must answer every line, in order"
              .formatted(ExternalProcess.shortened(line.path("id").toString()), id));
    }
    double number = value.numberValue().doubleValue();
    if (!Double.isFinite(number) || Math.abs(number) > LARGEST) {
      throw new IllegalArgumentException(
          "gave the value %s, but values must be finite and at most %.0e in size"
              .formatted(ExternalProcess.shortened(value.asString()), LARGEST));
    }
    return number;
  }

  private static JsonNode read(String answer) {
    try {
      return JSON.readTree(answer);
    } catch (JacksonException e) {
      throw new IllegalArgumentException(
          "answered '%s', which is not one JSON object a line"
              .formatted(ExternalProcess.shortened(answer)),
          e);
    }
  }

  private IllegalArgumentException failed(String how) {
    process.kill();
    failure = "--external-command: the program " + how;
    return new IllegalArgumentException(failure);
  }

  @Override
  public void close() {
    process.close();
  }
}
