package dev.cotrace.model;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import dev.cotrace.format.ChatTemplate;
import dev.cotrace.format.Gguf;
import dev.cotrace.format.MalformedModelException;
import dev.cotrace.format.TokenizerDescription;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Text to token ids and back, exactly as the model's own tokenizer does it. Nothing is added,
 * truncated or padded: a begin token is the caller's to put in front, and a text of any length is
 * encoded whole. Safe to use from many threads.
 */
public final class Tokenizer implements AutoCloseable {
  /** DJL's defaults truncate to 512 tokens and pad, silently. */
  private static final Map<String, String> PLAIN =
      Map.of("addSpecialTokens", "false", "truncation", "false", "padding", "false");

  private final TokenizerDescription description;
  private final HuggingFaceTokenizer tokenizer;

  private Tokenizer(TokenizerDescription description, HuggingFaceTokenizer tokenizer) {
    this.description = description;
    this.tokenizer = tokenizer;
  }

  /**
   * Opens a Hugging Face tokenizer.
   *
   * @param tokenizerJson a {@code tokenizer.json}, or the directory that holds one; the
   *     configuration files and the chat template beside it are read too
   * @throws MalformedModelException when a file is not what it should be
   */
  public static Tokenizer open(Path tokenizerJson) throws IOException {
    return of(TokenizerDescription.read(tokenizerJson));
  }

  /**
   * Rebuilds the tokenizer that a GGUF file describes.
   *
   * @throws MalformedModelException when it is of a kind that is not known here
   */
  public static Tokenizer fromGguf(Gguf gguf) throws IOException {
    return of(TokenizerDescription.of(gguf));
  }

  private static Tokenizer of(TokenizerDescription description) throws IOException {
    byte[] json = description.json().getBytes(StandardCharsets.UTF_8);
    try {
      return new Tokenizer(
          description, HuggingFaceTokenizer.newInstance(new ByteArrayInputStream(json), PLAIN));
    } catch (RuntimeException e) { // What DJL makes of any error of the native library.
      throw refused(description, e);
    }
  }

  private static MalformedModelException refused(
      TokenizerDescription description, RuntimeException e) {
    return new MalformedModelException(
        description.file(),
        0,
        "expected a tokenizer that the Hugging Face library reads, but: " + e.getMessage());
  }

  /**
   * Token ids of a text. Special tokens spelled in the text, such as {@code <|im_start|>}, become
   * their ids; no others are added.
   *
   * @throws IllegalArgumentException for half a surrogate pair, which no encoding of text can hold,
   *     and for characters that the vocabulary lacks
   */
  public int[] encode(String text) {
    checkPairs(text);
    if (text.isEmpty()) {
      return new int[0];
    }
    try {
      return Arrays.stream(tokenizer.encode(text, false, false).getIds())
          .mapToInt(Math::toIntExact)
          .toArray();
    } catch (RuntimeException e) {
      throw new IllegalArgumentException(
          "the tokenizer has no tokens for all of the text \"%s\" (%s): use only what its vocabulary can spell"
              .formatted(text, e.getMessage()),
          e);
    }
  }

  /**
   * The tokens that the tokenizer's own library puts before a text unless told otherwise, and which
   * {@link #encode} leaves to the caller. A tokenizer of a GGUF file has none.
   */
  public int[] usualPrefix() {
    // An empty text tells; unless something is put behind texts too, which no decoder asks for.
    try {
      long[] usual = tokenizer.encode("", /* addSpecialTokens= */ true, false).getIds();
      return Arrays.stream(usual).mapToInt(Math::toIntExact).toArray();
    } catch (RuntimeException e) {
      throw refused(description, e);
    }
  }

  private static void checkPairs(String text) {
    for (int at = 0; at < text.length(); at++) {
      char c = text.charAt(at);
      boolean paired =
          Character.isHighSurrogate(c)
              && at + 1 < text.length()
              && Character.isLowSurrogate(text.charAt(at + 1));
      if (paired) {
        at++;
      } else if (Character.isSurrogate(c)) {
        throw new IllegalArgumentException(
            "expected text in whole characters, got the lone surrogate \\u%04X at index %d"
                .formatted((int) c, at));
      }
    }
  }

  /** The text of some tokens, special ones spelled out; broken UTF-8 becomes U+FFFD. */
  public String decode(int... ids) {
    return decode(ids, false);
  }

  /** The text of some tokens without the special ones: what a reader of the answer sees. */
  public String decodeWithoutSpecial(int... ids) {
    return decode(ids, true);
  }

  private String decode(int[] ids, boolean skipSpecial) {
    for (int id : ids) {
      checkId(id);
    }
    if (ids.length == 0) {
      return "";
    }
    try {
      return tokenizer.decode(Arrays.stream(ids).asLongStream().toArray(), skipSpecial);
    } catch (RuntimeException e) {
      throw refused(description, e);
    }
  }

  /**
   * One token for display: its text where it is whole characters, else its bytes as {@code
   * <0xE2><0x82>}.
   */
  public String token(int id) {
    checkId(id);
    String spelling = description.tokens().get(id);
    if (description.addedTokens().contains(id)) {
      return spelling;
    }
    return description.byteLevel()
        ? ByteAlphabet.display(spelling)
        : spelling.replace('\u2581', ' ');
  }

  /**
   * The decoded text cut by token: the pieces joined are {@link #decode}. A character spread over
   * several tokens is in the piece of its last token; the others before it are empty.
   */
  public List<String> pieces(int... ids) {
    return new Pieces(this).of(ids);
  }

  /** The chat template with this tokenizer's special tokens, where the model has one. */
  public Optional<ChatTemplate> chatTemplate() {
    return description
        .chatTemplate()
        .map(source -> ChatTemplate.parse(source, description.specialTokens()));
  }

  /** One more than the largest id. The model's logits may be padded to more. */
  public int vocabularySize() {
    return description.tokens().size();
  }

  /** The token that the model may want in front of a text. */
  public OptionalInt beginToken() {
    return description.beginToken();
  }

  /** Spellings of the tokens that stand outside the vocabulary proper, special ones among them. */
  public Set<String> addedTokens() {
    return description.addedTokens().stream()
        .map(description.tokens()::get)
        .collect(Collectors.toUnmodifiableSet());
  }

  /** Tokens that end a text or a turn. */
  public Set<Integer> endTokens() {
    return description.endTokens();
  }

  private void checkId(int id) {
    if (id < 0 || id >= vocabularySize()) {
      throw new IllegalArgumentException(
          "expected token ids from 0 to %d, got %d".formatted(vocabularySize() - 1, id));
    }
  }

  @Override
  public void close() {
    tokenizer.close();
  }
}
