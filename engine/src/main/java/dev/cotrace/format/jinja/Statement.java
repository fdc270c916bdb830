package dev.cotrace.format.jinja;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** A statement of a parsed template; {@code line} counts from 1. */
sealed interface Statement {
  int line();

  /** Literal text. */
  record Data(int line, String text) implements Statement {}

  /** {@code {{ value }}}. */
  record Output(int line, Expression value) implements Statement {}

  /** What a value can be assigned to. */
  sealed interface Target {
    record Variable(String name) implements Target {}

    record Field(String namespace, String name) implements Target {}

    record Unpacked(List<Target> targets) implements Target {}
  }

  record Assign(int line, Target target, Expression value) implements Statement {}

  /** {@code {% set x | filter %}…{% endset %}}. */
  record Capture(int line, Target target, List<Filter> filters, List<Statement> body)
      implements Statement {}

  record Filter(String name, Expression.Call call) {}

  record Branch(Expression condition, List<Statement> body) {}

  record If(int line, List<Branch> branches, List<Statement> otherwise) implements Statement {}

  record For(
      int line,
      Target target,
      Expression items,
      @Nullable Expression condition,
      List<Statement> body,
      List<Statement> otherwise)
      implements Statement {}

  record Break(int line) implements Statement {}

  record Continue(int line) implements Statement {}

  record Parameter(String name, @Nullable Expression fallback) {}

  record Macro(int line, String name, List<Parameter> parameters, List<Statement> body)
      implements Statement {}

  /** {@code {% generation %}}: what the assistant said; a scope of its own. */
  record Generation(int line, List<Statement> body) implements Statement {}
}
