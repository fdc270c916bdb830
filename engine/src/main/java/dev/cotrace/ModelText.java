package dev.cotrace;

import dev.cotrace.format.ChatTemplate;
import dev.cotrace.model.Model;
import dev.cotrace.model.Tokenizer;
import dev.cotrace.task.ChatSettings;
import dev.cotrace.task.TaskFile;
import dev.cotrace.task.TaskSettings;
import dev.cotrace.task.TextCodec;
import dev.cotrace.task.Words;
import dev.cotrace.task.Words.Message;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The tokenizer and chat template of a model, as tasks use them. */
final class ModelText implements TextCodec {
  /** For ids that the model has and its tokenizer lacks: vocabularies are padded. */
  private static final String NO_TEXT = "\uFFFD";

  private final Tokenizer tokenizer;
  private final ChatTemplate.Options options;

  private ModelText(Tokenizer tokenizer, ChatTemplate.Options options) {
    this.tokenizer = tokenizer;
    this.options = options;
  }

  /** The text side of {@code model}, whose chat template is told no more than the day. */
  static @Nullable TextCodec of(Model model) {
    return of(model, today());
  }

  /**
   * The text side of {@code model}; null for a model over bare token ids.
   *
   * @param options what its chat template is told
   */
  static @Nullable TextCodec of(Model model, ChatTemplate.Options options) {
    return model.tokenizer().map(tokenizer -> of(tokenizer, options)).orElse(null);
  }

  /**
   * The text of {@code tokenizer}.
   *
   * @param options what its chat template is told
   * @throws IllegalArgumentException when the template reads no variable of that name: a slip of
   *     the pen would go unnoticed
   */
  static TextCodec of(Tokenizer tokenizer, ChatTemplate.Options options) {
    for (String name : options.variables().keySet()) {
      String template = tokenizer.chatTemplate().map(ChatTemplate::source).orElse("");
      if (!Pattern.compile("\\b%s\\b".formatted(Pattern.quote(name))).matcher(template).find()) {
        throw new IllegalArgumentException(
            "--chat-option %s: the model's chat template reads no such variable".formatted(name));
      }
    }
    return new ModelText(tokenizer, options);
  }

  /**
   * {@code spec} with today's date in it if a prompt or the judge's template may depend on it, so
   * that the prompts of a run can be made again.
   */
  static DiscoverySpec dated(DiscoverySpec spec, Model model, TaskFile file) {
    boolean chats =
        spec.sampling().chat()
            || file.pairs().stream().anyMatch(pair -> pair.clean() instanceof Words.Chat);
    boolean reads =
        model
            .tokenizer()
            .flatMap(Tokenizer::chatTemplate)
            .filter(template -> template.source().contains("strftime_now"))
            .isPresent();
    boolean judged = SpecOutcomes.hasJudge(spec) && spec.outcomes().judgeChat();
    return (chats && reads) || judged ? spec.on(ChatSettings.date(spec.sampling())) : spec;
  }

  /** What the chat template of the model under study is told. */
  static ChatTemplate.Options chat(DiscoverySpec spec) {
    return options(spec, spec.sampling().chatOptions());
  }

  /** What any other model's chat template is told: the day. */
  static ChatTemplate.Options day(DiscoverySpec spec) {
    return options(spec, Map.of());
  }

  /** For templates that are told no more than the day, which is today. */
  static ChatTemplate.Options today() {
    return new ChatTemplate.Options(
        true, Map.of(), ChatSettings.date(TaskSettings.DEFAULTS).atStartOfDay());
  }

  private static ChatTemplate.Options options(DiscoverySpec spec, Map<String, Object> variables) {
    return new ChatTemplate.Options(
        true, variables, ChatSettings.date(spec.sampling()).atStartOfDay());
  }

  @Override
  public int[] encode(String text) {
    try {
      return tokenizer.encode(text);
    } catch (IllegalArgumentException e) {
      throw e;
    } catch (RuntimeException e) { // What DJL makes of any error of the native library.
      throw new IllegalArgumentException(
          "the model's tokenizer cannot write '%s': %s".formatted(text, e.getMessage()), e);
    }
  }

  @Override
  public String decode(int... ids) {
    int known = 0;
    while (known < ids.length && ids[known] < tokenizer.vocabularySize()) {
      known++;
    }
    if (known == ids.length) {
      return tokenizer.decode(ids);
    }
    return tokenizer.decode(Arrays.copyOf(ids, known))
        + NO_TEXT
        + decode(Arrays.copyOfRange(ids, known + 1, ids.length));
  }

  @Override
  public String shown(int id) {
    return id < tokenizer.vocabularySize() ? tokenizer.token(id) : NO_TEXT;
  }

  @Override
  public OptionalInt start() {
    return tokenizer.beginToken();
  }

  @Override
  public List<String> pieces(int... ids) {
    return Arrays.stream(ids).allMatch(id -> id < tokenizer.vocabularySize())
        ? tokenizer.pieces(ids)
        : Arrays.stream(ids).mapToObj(this::decode).toList();
  }

  @Override
  public boolean special(int id) {
    return id < tokenizer.vocabularySize()
        && tokenizer.decodeWithoutSpecial(id).isEmpty()
        && !tokenizer.decode(id).isEmpty();
  }

  @Override
  public String render(List<Message> messages) {
    ChatTemplate template =
        tokenizer
            .chatTemplate()
            .orElseThrow(() ->
                new IllegalArgumentException(
                    "the model has no chat template, so prompts must be plain text: leave out chat and messages"));
    List<ChatTemplate.Message> turns =
        messages.stream()
            .map(message -> new ChatTemplate.Message(message.role(), message.content()))
            .toList();
    return template.render(turns, options);
  }

  @Override
  public Set<String> specials() {
    return tokenizer.addedTokens();
  }
}
