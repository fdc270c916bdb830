package dev.cotrace.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cotrace.format.ChatTemplate;
import dev.cotrace.format.Goldens;
import dev.cotrace.torch.Placement;
import dev.cotrace.torch.Precision;
import dev.cotrace.torch.Scope;
import java.io.IOException;
import java.nio.file.Files;
import java.time.LocalDateTime;
import java.time.Month;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/**
 * SmolLM2-135M-Instruct, quantised to four bits: the weights, the decoder and the tokenizer at
 * once.
 */
class SmolLm2Test {
  private static final int LONGEST_ANSWER = 16;

  @Test
  void itKnowsTheCapitalOfFrance() throws IOException {
    Assumptions.assumeTrue(
        Files.exists(Goldens.smollm2()),
        "SmolLM2 is absent: run models/fetch-smollm2 to test with it");
    try (Model model = Model.load(Goldens.smollm2(), Placement.cpu(Precision.FLOAT32))) {
      Tokenizer tokenizer = model.tokenizer().orElseThrow();
      ChatTemplate template = tokenizer.chatTemplate().orElseThrow();
      String prompt =
          template.render(
              List.of(new ChatTemplate.Message("user", "What is the capital of France?")),
              new ChatTemplate.Options(
                  true, Map.of(), LocalDateTime.of(2026, Month.JANUARY, 1, 0, 0)));

      int[] answer = greedy(model.decoder(), tokenizer.encode(prompt));

      assertThat(tokenizer.decodeWithoutSpecial(answer))
          .isEqualTo("The capital of France is Paris.");
    }
  }

  /** The likeliest next token over and over, until an end token. */
  private static int[] greedy(Decoder decoder, int[] prompt) {
    Architecture a = decoder.architecture();
    List<Integer> answer = new ArrayList<>();
    try (KvCache cache =
        new KvCache(
            decoder.placement(),
            a,
            a.keyValueHeads(),
            prompt.length + LONGEST_ANSWER,
            new long[1])) {
      int next = likeliest(decoder, cache, prompt);
      while (!a.endTokens().contains(next) && answer.size() < LONGEST_ANSWER) {
        answer.add(next);
        next = likeliest(decoder, cache, next);
      }
    }
    return answer.stream().mapToInt(Integer::intValue).toArray();
  }

  private static int likeliest(Decoder decoder, KvCache cache, int... ids) {
    try (Scope _ = new Scope();
        ResidualStream stream = new PlainStream()) {
      Tensor tokens =
          decoder.placement().indices(Arrays.stream(ids).asLongStream().toArray(), 1, ids.length);
      decoder.forward(tokens, cache, stream);
      Tensor last = stream.readLogits().select(1, ids.length - 1);
      return (int) decoder.logits(last).argmax(new LongOptional(-1), false).item_long();
    }
  }
}
