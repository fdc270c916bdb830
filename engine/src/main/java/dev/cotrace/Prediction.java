package dev.cotrace;

import dev.cotrace.model.Model;
import dev.cotrace.model.PlainRun;
import dev.cotrace.task.TextCodec;
import dev.cotrace.task.TokenText;
import dev.cotrace.task.Words;
import dev.cotrace.torch.Placement;
import dev.cotrace.torch.Precision;
import java.io.IOException;
import java.util.Comparator;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * What the plain model predicts after one token of a sequence.
 *
 * @param position of the token, from 0
 * @param id the token that was fed there
 * @param text as its tokenizer decodes it; the id for a model without one
 * @param shown id and text in quotes, for people
 * @param top the most probable next tokens, the first of all first
 * @param logProbabilities of every next token in nats, {@code [V]}
 */
// The array is made for this record alone.
@SuppressWarnings("ArrayRecordComponent")
public record Prediction(
    int position,
    int id,
    String text,
    String shown,
    List<Candidate> top,
    double[] logProbabilities) {

  /**
   * A next token.
   *
   * @param text as its tokenizer decodes it; the id for a model without one
   * @param shown id and text in quotes, for people
   * @param logProbability in nats
   */
  public record Candidate(int id, String text, String shown, double logProbability) {}

  /** What is fed. */
  public sealed interface Input {
    /** Token ids, fed as they are. */
    @SuppressWarnings("ArrayRecordComponent") // Nobody changes it.
    record Ids(int[] ids) implements Input {}

    /** A text, with nothing added. */
    record Text(String text) implements Input {}

    /** A text after the beginning-of-sequence token. */
    record Begun(String text) implements Input {}

    /** A user's message in the model's chat template. */
    record Chat(String text) implements Input {}
  }

  /** This without the log-probabilities of all tokens. */
  public Prediction withoutAll() {
    return new Prediction(position, id, text, shown, top, new double[0]);
  }

  /**
   * Hands over what a model predicts after each token of {@code input}, in order.
   *
   * @param name what {@link ModelSource#find} finds the model by
   * @param dtype name of a {@link Precision}
   * @param device libtorch's name of it
   * @param count how many next tokens to name
   * @throws IllegalArgumentException when the input cannot be fed to the model
   */
  public static void each(
      String name,
      String dtype,
      String device,
      Input input,
      int count,
      Consumer<Prediction> consumer)
      throws IOException {
    try (Model model = ModelSource.find(name).load(new Placement(Precision.of(dtype), device))) {
      @Nullable TextCodec codec = ModelText.of(model);
      TokenText text = new TokenText(codec);
      int[] ids = input instanceof Input.Ids given ? given.ids() : ids(codec, input);
      new PlainRun(model.decoder())
          .logProbabilities(
              ids,
              (position, values) ->
                  consumer.accept(
                      new Prediction(
                          position,
                          ids[position],
                          text.decoded(ids[position]),
                          text.show(new int[] {ids[position]}),
                          top(text, values, count),
                          values)));
    }
  }

  private static int[] ids(@Nullable TextCodec codec, Input input) {
    if (codec == null) {
      throw new IllegalArgumentException(
          "the model has no tokenizer, so --text cannot be used: give --ids");
    }
    return switch (input) {
      case Input.Ids(int[] ids) -> ids;
      case Input.Text(String text) -> codec.encode(text);
      case Input.Chat(String text) -> codec.chat(List.of(new Words.Message("user", text)));
      case Input.Begun(String text) -> {
        int start =
            codec
                .start()
                .orElseThrow(() ->
                    new IllegalArgumentException(
                        "the tokenizer names no beginning-of-sequence token: leave out --bos"));
        yield IntStream.concat(IntStream.of(start), IntStream.of(codec.encode(text))).toArray();
      }
    };
  }

  private static List<Candidate> top(TokenText text, double[] values, int count) {
    return IntStream.range(0, values.length)
        .boxed()
        .sorted(Comparator.comparingDouble(id -> -values[id]))
        .limit(count)
        .map(id -> new Candidate(id, text.decoded(id), text.show(new int[] {id}), values[id]))
        .toList();
  }
}
