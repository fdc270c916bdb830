package dev.cotrace.format;

import dev.cotrace.format.jinja.Template;
import java.time.LocalDateTime;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A model's chat template with the special tokens it may mention. Text inside messages is data: it
 * is never read as template code. A template writes its own begin token where the model wants one,
 * so its output is encoded without adding another.
 */
public final class ChatTemplate {
  private final String source;
  private final Template template;
  private final Map<String, String> specialTokens;

  private ChatTemplate(String source, Template template, Map<String, String> specialTokens) {
    this.source = source;
    this.template = template;
    this.specialTokens = Map.copyOf(specialTokens);
  }

  /**
   * Parses a template.
   *
   * @param specialTokens by variable name, such as {@code bos_token} and {@code eos_token}
   * @throws dev.cotrace.format.jinja.TemplateException when the template uses what is not known
   *     here
   */
  public static ChatTemplate parse(String source, Map<String, String> specialTokens) {
    return new ChatTemplate(source, Template.parse(source), specialTokens);
  }

  /** One turn of a conversation with plain text. */
  public record Message(String role, String content) {
    Map<String, Object> fields() {
      return Map.of("role", role, "content", content);
    }
  }

  /**
   * What a rendering depends on besides the messages.
   *
   * @param addGenerationPrompt end with the header of the assistant's next turn
   * @param variables further template variables, such as {@code enable_thinking} or {@code tools}
   * @param now what {@code strftime_now} tells; some templates put today's date in the prompt
   */
  public record Options(
      boolean addGenerationPrompt,
      Map<String, ? extends @Nullable Object> variables,
      LocalDateTime now) {}

  /** Renders plain messages. */
  public String render(List<Message> messages, Options options) {
    return renderFields(messages.stream().map(Message::fields).toList(), options);
  }

  /**
   * Renders messages given as fields, such as {@code role}, {@code content}, {@code
   * reasoning_content} and {@code tool_calls}.
   *
   * @throws dev.cotrace.format.jinja.TemplateException when the template fails or refuses them
   */
  public String renderFields(
      List<? extends Map<String, ? extends @Nullable Object>> messages, Options options) {
    Map<String, @Nullable Object> variables = new HashMap<>();
    variables.put("tools", null);
    variables.put("documents", null);
    variables.putAll(specialTokens);
    variables.putAll(options.variables());
    variables.put("messages", messages);
    variables.put("add_generation_prompt", options.addGenerationPrompt());
    return template.render(variables, options.now());
  }

  /** The template's text. */
  public String source() {
    return source;
  }
}
