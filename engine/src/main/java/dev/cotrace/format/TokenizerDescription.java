package dev.cotrace.format;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * All that a model's files say about its tokenizer, from a Hugging Face directory ({@link
 * TokenizerFiles}) or a GGUF file ({@link GgufTokenizer}).
 *
 * @param file where it was read
 * @param json the text of a {@code tokenizer.json} without truncation and padding
 * @param tokens spelling of every token as the file stores it, by id; empty where an id has none
 * @param byteLevel whether spellings stand for bytes, one printable character each (GPT-2's)
 * @param addedTokens ids whose spelling is plain text, special or not
 * @param specialTokens texts by template variable, such as {@code bos_token}
 * @param beginToken the token that the model may want in front; adding it is the caller's choice
 * @param endTokens tokens that end a text or a turn
 * @param chatTemplate the template's source
 */
public record TokenizerDescription(
    Path file,
    String json,
    List<String> tokens,
    boolean byteLevel,
    Set<Integer> addedTokens,
    Map<String, String> specialTokens,
    OptionalInt beginToken,
    Set<Integer> endTokens,
    Optional<String> chatTemplate) {
  /** Ends of a text or a turn by name: files often forget to list them as end tokens. */
  private static final Set<String> ENDS =
      Set.of("<|im_end|>", "<|eot_id|>", "<|end_of_text|>", "<end_of_turn>");

  /** The ids among {@code added} whose spelling says that a text or a turn ends. */
  static Set<Integer> ends(List<String> tokens, Set<Integer> added) {
    Set<Integer> ends = new HashSet<>();
    for (int id : added) {
      if (ENDS.contains(tokens.get(id))) {
        ends.add(id);
      }
    }
    return ends;
  }

  public TokenizerDescription {
    tokens = List.copyOf(tokens);
    addedTokens = Set.copyOf(addedTokens);
    specialTokens = Map.copyOf(specialTokens);
    endTokens = Set.copyOf(endTokens);
  }

  /**
   * Describes the tokenizer of a Hugging Face directory.
   *
   * @param tokenizer a {@code tokenizer.json}, or the directory that holds one; the files beside it
   *     are read too
   */
  public static TokenizerDescription read(Path tokenizer) throws IOException {
    return TokenizerFiles.read(tokenizer);
  }

  /** The files that {@link #read} reads in a directory: none without a {@code tokenizer.json}. */
  public static List<Path> filesIn(Path directory) {
    if (!Files.exists(directory.resolve(TokenizerFiles.TOKENIZER))) {
      return List.of();
    }
    return TokenizerFiles.NAMES.stream().map(directory::resolve).filter(Files::exists).toList();
  }

  /**
   * Describes the tokenizer inside a GGUF file.
   *
   * @throws MalformedModelException when it is of a kind that is not known here
   */
  public static TokenizerDescription of(Gguf gguf) {
    return new GgufTokenizer(gguf.path(), gguf.metadata()).describe();
  }
}
