package dev.cotrace.task;

import dev.cotrace.rollout.TokenStrings;
import dev.cotrace.task.Words.Message;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;

/** Text to token ids of one model and back. */
public interface TextCodec extends TokenStrings {
  /** The ids of {@code text} as it stands; special tokens are neither added nor expected. */
  int[] encode(String text);

  /** The text that {@code ids} stand for together, special tokens included. */
  String decode(int... ids);

  /** One token for people, its bytes spelled out where they are no whole characters. */
  default String shown(int id) {
    return decode(id);
  }

  /** The beginning-of-sequence token, if the tokenizer names one. */
  OptionalInt start();

  /** The text of {@code ids} cut by token: joined, they are what {@link #decode} gives. */
  @Override
  List<String> pieces(int... ids);

  /**
   * The ids of a conversation in the model's chat template, ending where the assistant is to speak.
   *
   * @throws IllegalArgumentException when the model has no chat template, or it refuses the
   *     messages
   */
  default int[] chat(List<Message> messages) {
    return encode(render(messages));
  }

  /** The text whose ids {@link #chat} gives. */
  String render(List<Message> messages);

  /** Spellings that {@link #encode} turns into tokens of their own, such as {@code <|im_end|>}. */
  default Set<String> specials() {
    return Set.of();
  }
}
