package dev.cotrace;

import dev.cotrace.model.Model;
import dev.cotrace.model.Tokenizer;
import dev.cotrace.task.TextCodec;
import dev.cotrace.task.TokenText;
import dev.cotrace.task.Words;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Collectors;

/** Looks at what stands between text and a model: tokenizer, beginning, end, and chat template. */
record TokenizerCheck(Model model, Checkup.Notes notes) {
  /** What people write; a tokenizer may change spaces at the ends and composed letters. */
  private static final List<String> TEXTS =
      List.of(
          "The capital of France is Paris.",
          " leading and  double spaces",
          "12 + 345 = 357, 3.14",
          "def f(x):\n    return x**2\n",
          "Grüße, naïve café, 你好, привет, 🌍👩‍🔬",
          "\"quoted\" <tag> & {braces} \\n");

  void run() {
    Optional<Tokenizer> tokenizer = model.tokenizer();
    if (tokenizer.isEmpty()) {
      notes.care(
          "tokenizer",
          "Put the model's tokenizer.json beside it to give prompts as text.",
          "none: prompts must be token ids");
      return;
    }
    TextCodec codec = Objects.requireNonNull(ModelText.of(model));
    vocabulary(tokenizer.get());
    roundTrips(codec);
    beginning(tokenizer.get(), codec);
    ends(codec);
    chat(tokenizer.get(), codec);
  }

  private void vocabulary(Tokenizer tokenizer) {
    int known = tokenizer.vocabularySize();
    int vocabulary = model.architecture().vocabulary();
    if (known > vocabulary) {
      notes.wrong(
          "tokenizer",
          "Use the tokenizer that belongs to the model.",
          "%d tokens, but the model has only %d".formatted(known, vocabulary));
    } else {
      String padding =
          known < vocabulary
              ? "; the model's %d further ids have no text".formatted(vocabulary - known)
              : "";
      notes.fine("tokenizer", "%d tokens%s".formatted(known, padding));
    }
  }

  private void roundTrips(TextCodec codec) {
    List<String> broken = new ArrayList<>();
    int unwritable = 0;
    for (String text : TEXTS) {
      try {
        String back = codec.decode(codec.encode(text));
        if (!back.equals(text)) {
          broken.add(TokenText.quoted(text) + " comes back as " + TokenText.quoted(back));
        }
      } catch (IllegalArgumentException e) {
        unwritable++;
      }
    }
    String lacking =
        unwritable == 0
            ? ""
            : "; %d of %d have characters that the vocabulary lacks"
                .formatted(unwritable, TEXTS.size());
    if (broken.isEmpty()) {
      notes.fine("round trip", "texts come back as they were%s".formatted(lacking));
    } else {
      notes.care(
          "round trip",
          "Look at what is fed with --show-tokens; ids are kept end to end, only shown texts differ.",
          "%s%s".formatted(String.join("; ", broken), lacking));
    }
  }

  private void beginning(Tokenizer tokenizer, TextCodec codec) {
    OptionalInt start = codec.start();
    int[] usual = tokenizer.usualPrefix();
    String named =
        start.isPresent()
            ? "beginning-of-sequence token "
                + new TokenText(codec).show(new int[] {start.getAsInt()})
            : "no beginning-of-sequence token";
    if (usual.length == 0) {
      notes.fine(
          "beginning", "%s; plain texts are fed without it unless --bos is given".formatted(named));
    } else {
      notes.care(
          "beginning",
          "Give --bos for plain prompts to feed what Hugging Face would; chat templates write their own.",
          "%s; Hugging Face puts %s before every text, Cotrace adds nothing by itself"
              .formatted(named, new TokenText(codec).show(usual)));
    }
  }

  private void ends(TextCodec codec) {
    int[] ends =
        model.architecture().endTokens().stream().mapToInt(Integer::intValue).sorted().toArray();
    if (ends.length == 0) {
      notes.care(
          "ends",
          "Give the task a stop, or rollouts run to --max-new-tokens.",
          "no token ends a generation");
    } else {
      notes.fine(
          "ends",
          Arrays.stream(ends)
              .mapToObj(id -> new TokenText(codec).show(new int[] {id}))
              .collect(Collectors.joining(", ")));
    }
  }

  private void chat(Tokenizer tokenizer, TextCodec codec) {
    try {
      if (tokenizer.chatTemplate().isEmpty()) {
        notes.fine("chat template", "none: prompts are plain text");
        return;
      }
      int[] ids = codec.chat(List.of(new Words.Message("user", "Hi")));
      notes.fine("chat template", "\"Hi\" is fed as %s".formatted(new TokenText(codec).show(ids)));
    } catch (RuntimeException e) {
      if (!BadInput.is(e)) {
        throw e;
      }
      notes.wrong(
          "chat template",
          "Give prompts as text that is already in the model's format.",
          "it cannot be used: %s".formatted(String.valueOf(e.getMessage())));
    }
  }
}
