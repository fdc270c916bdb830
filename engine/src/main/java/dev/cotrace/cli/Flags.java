package dev.cotrace.cli;

import java.lang.reflect.Field;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** The flags that were given, by the keys of a specification. */
final class Flags {
  private static final String CHAT_OPTION = "chat-option";

  private Flags() {}

  /** Those of the option groups {@code groups} that the command line has, without their dashes. */
  static Map<String, Object> given(CommandSpec command, Class<?>... groups) {
    Map<String, Object> flags = new LinkedHashMap<>();
    for (OptionSpec option : command.options()) {
      boolean ours =
          option.userObject() instanceof Field field
              && List.of(groups).contains(field.getDeclaringClass());
      Object value = option.getValue();
      if (ours && value != null) {
        String key = option.longestName().substring(2);
        flags.put(
            key.equals(CHAT_OPTION) ? CHAT_OPTION + "s" : key,
            switch (key) {
              case CHAT_OPTION -> variables((Map<?, ?>) value);
              case "stop-ids" -> idLists((List<?>) value);
              case "objective", "external-command" -> value;
              default -> plain(value);
            });
      }
    }
    return flags;
  }

  /** Truth values and numbers as what they are, all else as text. */
  private static Map<String, Object> variables(Map<?, ?> texts) {
    Map<String, Object> variables = new LinkedHashMap<>();
    texts.forEach((name, text) -> variables.put(name.toString(), variable(text.toString())));
    return variables;
  }

  private static Object variable(String text) {
    if (text.equals("true") || text.equals("false")) {
      return text.equals("true");
    }
    try {
      return text.matches("-?[0-9]{1,18}") ? (Object) Long.valueOf(text) : Double.valueOf(text);
    } catch (NumberFormatException e) {
      return text;
    }
  }

  private static Object plain(Object value) {
    return switch (value) {
      case String text -> unescaped(text);
      case List<?> list -> list.stream().map(Flags::plain).toList();
      default -> value;
    };
  }

  /** Shells make it hard to write a newline: {@code \n} and {@code \t} stand for what they do. */
  private static String unescaped(String text) {
    return text.replace("\\n", "\n").replace("\\t", "\t");
  }

  private static List<List<Integer>> idLists(List<?> lists) {
    return lists.stream().map(list -> ids(list.toString())).toList();
  }

  private static List<Integer> ids(String list) {
    try {
      return Arrays.stream(list.split(",")).map(String::strip).map(Integer::valueOf).toList();
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(
          "--stop-ids takes token ids such as 3,17, got '%s'".formatted(list), e);
    }
  }
}
