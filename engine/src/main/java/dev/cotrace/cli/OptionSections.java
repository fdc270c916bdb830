package dev.cotrace.cli;

import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.Help;
import picocli.CommandLine.Help.Ansi.Text;
import picocli.CommandLine.Help.Layout;
import picocli.CommandLine.Help.TextTable;
import picocli.CommandLine.IHelpSectionRenderer;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.UsageMessageSpec;

/**
 * The help of all commands in one form: lists options under the headings of their classes, a
 * command's own ones first, and breaks descriptions where the terminal does, not where the source
 * does.
 */
final class OptionSections {
  private OptionSections() {}

  /** Has {@code commands} and all their subcommands explain themselves so. */
  static void in(CommandLine commands) {
    Map<String, IHelpSectionRenderer> sections = commands.getHelpSectionMap();
    sections.put(UsageMessageSpec.SECTION_KEY_OPTION_LIST, OptionSections::options);
    sections.put(UsageMessageSpec.SECTION_KEY_PARAMETER_LIST, OptionSections::parameters);
    commands
        .getCommandSpec()
        .usageMessage()
        .descriptionHeading("%n")
        .parameterListHeading("%n")
        .optionListHeading("%n");
    commands.getSubcommands().values().forEach(OptionSections::in);
  }

  private static String options(Help help) {
    Map<String, List<OptionSpec>> sections = new LinkedHashMap<>();
    sections.put("", new ArrayList<>());
    for (OptionSpec option : help.commandSpec().options()) {
      sections.computeIfAbsent(heading(option), _ -> new ArrayList<>()).add(option);
    }
    StringBuilder text = new StringBuilder();
    sections.forEach((heading, options) -> {
      text.append(heading.isEmpty() ? "" : "%n%s:%n".formatted(heading));
      text.append(
          help.optionListExcludingGroups(
              options,
              layout(help),
              help.createDefaultOptionSort(),
              help.parameterLabelRenderer()));
    });
    return text.toString();
  }

  private static String parameters(Help help) {
    return help.parameterList(
        help.commandSpec().positionalParameters(), layout(help), help.parameterLabelRenderer());
  }

  /** Columns that are as wide for all sections of a command. */
  private static Layout layout(Help help) {
    CommandSpec command = help.commandSpec();
    int names =
        help.calcLongOptionColumnWidth(
            command.options(), command.positionalParameters(), help.colorScheme());
    TextTable table =
        TextTable.forDefaultColumns(help.colorScheme(), names, command.usageMessage().width());
    return new Layout(
        help.colorScheme(),
        table,
        (option, labels, colors) ->
            joined(help.createDefaultOptionRenderer().render(option, labels, colors)),
        (parameter, labels, colors) ->
            joined(help.createDefaultParameterRenderer().render(parameter, labels, colors)));
  }

  /** One row from several whose last column is a line of the description. */
  private static Text[][] joined(Text[][] rows) {
    Text[] first = rows[0].clone();
    int last = first.length - 1;
    for (int row = 1; row < rows.length; row++) {
      first[last] = first[last].concat(" ").concat(rows[row][last]);
    }
    return new Text[][] {first};
  }

  private static String heading(OptionSpec option) {
    Heading heading =
        option.userObject() instanceof Field field
            ? field.getDeclaringClass().getAnnotation(Heading.class)
            : null;
    return heading == null ? "" : heading.value();
  }
}
