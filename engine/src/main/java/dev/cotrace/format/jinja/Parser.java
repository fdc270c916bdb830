package dev.cotrace.format.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Builds statements from tokens, after the grammar of jinja2's parser. */
final class Parser {
  private final TokenStream tokens;
  private final ExpressionParser expressions;
  private int loops;

  private Parser(List<Token> tokens) {
    this.tokens = new TokenStream(tokens);
    this.expressions = new ExpressionParser(this.tokens);
  }

  static List<Statement> parse(String source) {
    return new Parser(Lexer.tokens(source)).body(Set.of());
  }

  /** Statements up to a block tag that begins with one of {@code ends}, which is left in place. */
  private List<Statement> body(Set<String> ends) {
    tokens.enter();
    List<Statement> statements = new ArrayList<>();
    while (!tokens.at(Token.Kind.END)) {
      Token token = tokens.next();
      switch (token.kind()) {
        case DATA -> statements.add(new Statement.Data(token.line(), token.text()));
        case VARIABLE_BEGIN -> {
          statements.add(new Statement.Output(token.line(), expressions.tuple(true)));
          tokens.expect(Token.Kind.VARIABLE_END, "}}");
        }
        default -> {
          if (tokens.at(Token.Kind.NAME) && ends.contains(tokens.current().text())) {
            tokens.leave();
            return List.copyOf(statements);
          }
          statements.add(statement());
          tokens.expect(Token.Kind.BLOCK_END, "%}");
        }
      }
    }
    if (!ends.isEmpty()) {
      throw tokens.unexpected(String.join(" or ", ends.stream().sorted().toList()));
    }
    tokens.leave();
    return List.copyOf(statements);
  }

  /** The body of a block whose end tag has nothing else in it. */
  private List<Statement> bodyUntil(String end) {
    tokens.expect(Token.Kind.BLOCK_END, "%}");
    List<Statement> body = body(Set.of(end));
    tokens.expectKeyword(end);
    return body;
  }

  private Statement statement() {
    int line = tokens.line();
    String keyword = tokens.expectName();
    return switch (keyword) {
      case "if" -> condition(line);
      case "for" -> loop(line);
      case "set" -> assignment(line);
      case "macro" -> macro(line);
      case "generation" -> new Statement.Generation(line, outsideLoops("endgeneration"));
      case "break", "continue" -> jump(line, keyword);
      default ->
          throw new TemplateException(
              line,
              "expected if, for, set, macro, generation, break, continue or raw after {%%, got %s"
                  .formatted(keyword));
    };
  }

  private Statement jump(int line, String keyword) {
    if (loops == 0) {
      throw new TemplateException(line, "expected %s inside a for loop".formatted(keyword));
    }
    return keyword.equals("break") ? new Statement.Break(line) : new Statement.Continue(line);
  }

  private Statement condition(int line) {
    List<Statement.Branch> branches = new ArrayList<>();
    List<Statement> otherwise = List.of();
    do {
      Expression condition = expressions.tuple(false);
      tokens.expect(Token.Kind.BLOCK_END, "%}");
      branches.add(new Statement.Branch(condition, body(Set.of("elif", "else", "endif"))));
    } while (tokens.skipName("elif"));
    if (tokens.skipName("else")) {
      otherwise = bodyUntil("endif");
    } else {
      tokens.expectKeyword("endif");
    }
    return new Statement.If(line, List.copyOf(branches), otherwise);
  }

  private Statement loop(int line) {
    Statement.Target target = target();
    tokens.expectKeyword("in");
    Expression items = expressions.tuple(false);
    Expression condition = tokens.skipName("if") ? expressions.expression() : null;
    if (tokens.current().name("recursive")) {
      throw new TemplateException(line, "expected a loop that is not recursive");
    }
    tokens.expect(Token.Kind.BLOCK_END, "%}");
    loops++;
    List<Statement> body = body(Set.of("else", "endfor"));
    loops--;
    List<Statement> otherwise = List.of();
    if (tokens.skipName("else")) {
      otherwise = bodyUntil("endfor");
    } else {
      tokens.expectKeyword("endfor");
    }
    return new Statement.For(line, target, items, condition, body, otherwise);
  }

  private Statement assignment(int line) {
    Statement.Target target = target();
    if (tokens.skipOperator("=")) {
      return new Statement.Assign(line, target, expressions.tuple(true));
    }
    List<Statement.Filter> filters = new ArrayList<>();
    while (tokens.skipOperator("|")) {
      filters.add(new Statement.Filter(tokens.expectName(), expressions.optionalCall()));
    }
    if (!tokens.at(Token.Kind.BLOCK_END)) {
      throw tokens.unexpected("= or %}");
    }
    return new Statement.Capture(line, target, List.copyOf(filters), bodyUntil("endset"));
  }

  private Statement.Target target() {
    List<Statement.Target> targets = new ArrayList<>();
    boolean unpacked = tokens.skipOperator("(");
    boolean bracketed = unpacked;
    targets.add(single());
    while (tokens.skipOperator(",")) {
      unpacked = true;
      if (tokens.at(Token.Kind.NAME) && !tokens.current().name("in")) {
        targets.add(single());
      }
    }
    if (bracketed) {
      tokens.expectOperator(")");
    }
    return unpacked ? new Statement.Target.Unpacked(List.copyOf(targets)) : targets.getFirst();
  }

  private Statement.Target single() {
    String name = assignable(tokens.expectName());
    return tokens.skipOperator(".")
        ? new Statement.Target.Field(name, tokens.expectName())
        : new Statement.Target.Variable(name);
  }

  private String assignable(String name) {
    if (Set.of("true", "false", "none", "True", "False", "None").contains(name)) {
      throw new TemplateException(tokens.line(), "expected a variable to assign, got " + name);
    }
    return name;
  }

  private Statement macro(int line) {
    String name = assignable(tokens.expectName());
    tokens.expectOperator("(");
    List<Statement.Parameter> parameters = new ArrayList<>();
    boolean optional = false;
    while (!tokens.skipOperator(")")) {
      if (!parameters.isEmpty()) {
        tokens.expectOperator(",");
      }
      String parameter = assignable(tokens.expectName());
      Expression fallback = tokens.skipOperator("=") ? expressions.expression() : null;
      if (optional && fallback == null) {
        throw tokens.unexpected("a default for parameter %s".formatted(parameter));
      }
      optional |= fallback != null;
      parameters.add(new Statement.Parameter(parameter, fallback));
    }
    return new Statement.Macro(line, name, List.copyOf(parameters), outsideLoops("endmacro"));
  }

  /** A body that a surrounding loop's break cannot reach. */
  private List<Statement> outsideLoops(String end) {
    int surrounding = loops;
    loops = 0;
    List<Statement> body = bodyUntil(end);
    loops = surrounding;
    return body;
  }
}
