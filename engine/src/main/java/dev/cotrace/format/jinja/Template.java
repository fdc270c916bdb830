package dev.cotrace.format.jinja;

import java.time.LocalDateTime;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A parsed template; immutable, and safe to render from many threads. */
public final class Template {
  /** Far above the longest chat templates, which have some 30,000 characters. */
  private static final int MAX_SOURCE = 1_000_000;

  private final List<Statement> statements;

  private Template(List<Statement> statements) {
    this.statements = statements;
  }

  /**
   * Parses a template.
   *
   * @throws TemplateException when it uses what this interpreter does not know
   */
  public static Template parse(String source) {
    if (source.length() > MAX_SOURCE) {
      throw new TemplateException(
          1,
          "expected a template of at most %d characters, got %d"
              .formatted(MAX_SOURCE, source.length()));
    }
    return new Template(Parser.parse(source));
  }

  /**
   * Renders the template.
   *
   * @param variables strings, numbers, booleans, nulls, and lists and string-keyed maps of these
   * @param now what {@code strftime_now} tells
   * @throws TemplateException when the template fails, refuses its input or spends its budget
   */
  public String render(Map<String, ? extends @Nullable Object> variables, LocalDateTime now) {
    Scope scope = new Scope(Globals.scope(now));
    variables.forEach((name, value) -> scope.set(name, Types.of(value)));
    Interpreter interpreter = new Interpreter();
    try {
      return interpreter.run(statements, new Scope(scope));
    } catch (Fault fault) {
      throw new TemplateException(interpreter.line(), String.valueOf(fault.getMessage()));
    }
  }
}
