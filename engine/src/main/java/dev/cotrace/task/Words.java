package dev.cotrace.task;

import java.util.List;

/** What a task file says to the model, before it is tokens. */
public sealed interface Words {
  /** Text, tokenised as it stands. */
  record Text(String text) implements Words {}

  /** A conversation, laid out by the model's chat template, ending where the model is to speak. */
  record Chat(List<Message> messages) implements Words {
    /** Refuses an empty conversation. */
    public Chat {
      messages = List.copyOf(messages);
      if (messages.isEmpty()) {
        throw new IllegalArgumentException("a conversation needs at least one message");
      }
    }
  }

  /** Token ids of the model, fed as they are. */
  record Ids(int[] ids) implements Words {}

  /**
   * One turn of a conversation.
   *
   * @param role for example {@code user}, {@code assistant} or {@code system}
   */
  record Message(String role, String content) {}
}
