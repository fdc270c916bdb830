package dev.cotrace.task;

import dev.cotrace.rollout.StopRule;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/**
 * Ends a rollout when one of {@code stops} is in the sampled text, however the tokens divide it.
 *
 * <p>Only the last tokens are decoded. Every token is at least one byte of text, so a stop of n
 * bytes that the newest token completes lies within the last n; one more keeps what decoders do to
 * the first token's leading space out of it.
 *
 * @param stops texts, none empty
 */
record StopOnText(TextCodec codec, List<String> stops) implements StopRule {
  @Override
  public boolean stopsAfter(int[] tokens, int length) {
    for (String stop : stops) {
      int window = stop.getBytes(StandardCharsets.UTF_8).length + 1;
      int from = Math.max(0, length - window);
      if (codec.decode(Arrays.copyOfRange(tokens, from, length)).contains(stop)) {
        return true;
      }
    }
    return false;
  }
}
