package dev.cotrace.format.jinja;

import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import org.jspecify.annotations.Nullable;

/** Runs statements. */
final class Interpreter {
  private enum Flow {
    NEXT,
    BREAK,
    CONTINUE
  }

  private final Budget budget = new Budget();
  private final ExpressionEvaluator expressions = new ExpressionEvaluator(budget);
  private StringBuilder out = new StringBuilder();

  /** Line of what was evaluated last, for errors. */
  int line() {
    return expressions.line();
  }

  String run(List<Statement> statements, Scope scope) {
    body(statements, scope);
    return out.toString();
  }

  private Flow body(List<Statement> statements, Scope scope) {
    for (Statement statement : statements) {
      Flow flow = run(statement, scope);
      if (flow != Flow.NEXT) {
        return flow;
      }
    }
    return Flow.NEXT;
  }

  private Flow run(Statement statement, Scope scope) {
    budget.enter();
    expressions.at(statement.line());
    Flow flow =
        switch (statement) {
          case Statement.Data data -> emit(data.text());
          case Statement.Output output ->
              emit(Printer.text(expressions.value(output.value(), scope), budget));
          case Statement.Assign assign ->
              assign(assign.target(), expressions.value(assign.value(), scope), scope);
          case Statement.Capture capture -> capture(capture, scope);
          case Statement.If choice -> choose(choice, scope);
          case Statement.For loop -> loop(loop, scope);
          case Statement.Break jump -> Flow.BREAK;
          case Statement.Continue jump -> Flow.CONTINUE;
          case Statement.Macro macro -> {
            scope.set(macro.name(), macro(macro, scope));
            yield Flow.NEXT;
          }
          case Statement.Generation generation -> body(generation.body(), new Scope(scope));
        };
    budget.leave();
    return flow;
  }

  private Flow emit(String text) {
    budget.text(text.length());
    if ((long) out.length() + text.length() > Budget.MAX_TEXT) {
      throw new Fault("expected at most %d characters of output".formatted(Budget.MAX_TEXT));
    }
    out.append(text);
    return Flow.NEXT;
  }

  private Flow assign(Statement.Target target, Value value, Scope scope) {
    switch (target) {
      case Statement.Target.Variable(String name) -> scope.set(name, value);
      case Statement.Target.Field(String namespace, String name) -> {
        if (!(scope.get(namespace) instanceof Value.Namespace(var values))) {
          throw new Fault(
              "expected %s to be a namespace to set its %s, got %s"
                  .formatted(namespace, name, Types.name(scope.get(namespace))));
        }
        values.put(Globals.fieldName(name), value);
      }
      case Statement.Target.Unpacked(List<Statement.Target> targets) -> {
        List<Value> values = Sequences.list(value, budget);
        if (values.size() != targets.size()) {
          throw new Fault(
              "expected %d values to unpack, got %d".formatted(targets.size(), values.size()));
        }
        for (int i = 0; i < values.size(); i++) {
          assign(targets.get(i), values.get(i), scope);
        }
      }
    }
    return Flow.NEXT;
  }

  private Flow capture(Statement.Capture capture, Scope scope) {
    Value value = new Value.Text(captured(capture.body(), new Scope(scope)));
    for (Statement.Filter filter : capture.filters()) {
      Arguments arguments = expressions.arguments(filter.call(), scope);
      value = Filters.apply(filter.name(), value, arguments, budget);
    }
    return assign(capture.target(), value, scope);
  }

  private String captured(List<Statement> body, Scope scope) {
    StringBuilder surrounding = out;
    out = new StringBuilder();
    body(body, scope);
    String text = out.toString();
    out = surrounding;
    return text;
  }

  private Flow choose(Statement.If choice, Scope scope) {
    for (Statement.Branch branch : choice.branches()) {
      if (Types.truth(expressions.value(branch.condition(), scope))) {
        return body(branch.body(), scope);
      }
    }
    return body(choice.otherwise(), scope);
  }

  private Flow loop(Statement.For loop, Scope scope) {
    Iterator<Value> items = Sequences.iterate(expressions.value(loop.items(), scope), budget);
    Expression condition = loop.condition();
    LoopState state =
        new LoopState(condition == null ? items : filtered(items, loop.target(), condition, scope));
    boolean ran = false;
    for (Value item = state.advance(); item != null; item = state.advance()) {
      ran = true;
      budget.step();
      Scope pass = new Scope(scope);
      pass.set("loop", new Value.Loop(state));
      assign(loop.target(), item, pass);
      if (body(loop.body(), pass) == Flow.BREAK) {
        break;
      }
    }
    return ran ? Flow.NEXT : body(loop.otherwise(), scope);
  }

  /** Items for which the condition holds, tested as they are drawn. */
  private Iterator<Value> filtered(
      Iterator<Value> items, Statement.Target target, Expression condition, Scope scope) {
    return new Iterator<>() {
      private @Nullable Value found;

      @Override
      public boolean hasNext() {
        while (found == null && items.hasNext()) {
          Value candidate = items.next();
          Scope trial = new Scope(scope);
          assign(target, candidate, trial);
          found = Types.truth(expressions.value(condition, trial)) ? candidate : null;
        }
        return found != null;
      }

      @Override
      public Value next() {
        if (!hasNext() || found == null) {
          throw new NoSuchElementException();
        }
        Value result = found;
        found = null;
        return result;
      }
    };
  }

  private Value macro(Statement.Macro macro, Scope defining) {
    return new Value.Callable(
        macro.name(),
        arguments -> {
          String[] names =
              macro.parameters().stream().map(Statement.Parameter::name).toArray(String[]::new);
          Arguments.Bound bound = arguments.bind("macro " + macro.name(), names);
          Scope scope = new Scope(defining);
          for (Statement.Parameter parameter : macro.parameters()) {
            scope.set(parameter.name(), argument(parameter, bound, scope));
          }
          return new Value.Text(captured(macro.body(), scope));
        });
  }

  private Value argument(Statement.Parameter parameter, Arguments.Bound bound, Scope scope) {
    Value given = bound.get(parameter.name());
    if (given != null) {
      return given;
    }
    Expression fallback = parameter.fallback();
    return fallback == null
        ? new Value.Undefined("parameter '%s' was not provided".formatted(parameter.name()))
        : expressions.value(fallback, scope);
  }
}
