package dev.cotrace.format.jinja;

/** A piece of template source; {@code text} is the data, name, operator or string content. */
record Token(Kind kind, String text, int line) {
  enum Kind {
    DATA,
    BLOCK_BEGIN,
    BLOCK_END,
    VARIABLE_BEGIN,
    VARIABLE_END,
    NAME,
    STRING,
    INTEGER,
    FLOAT,
    OPERATOR,
    END
  }

  boolean is(Kind wanted, String content) {
    return kind == wanted && text.equals(content);
  }

  boolean operator(String content) {
    return is(Kind.OPERATOR, content);
  }

  boolean name(String content) {
    return is(Kind.NAME, content);
  }

  /** For error sentences. */
  String described() {
    return switch (kind) {
      case DATA -> "text";
      case BLOCK_BEGIN -> "{%";
      case BLOCK_END -> "%}";
      case VARIABLE_BEGIN -> "{{";
      case VARIABLE_END -> "}}";
      case STRING -> "the string '" + text + "'";
      case END -> "the end of the template";
      case NAME, INTEGER, FLOAT, OPERATOR -> text;
    };
  }
}
