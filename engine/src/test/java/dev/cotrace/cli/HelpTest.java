package dev.cotrace.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;

/** What commands say of themselves. */
class HelpTest {
  private final StringWriter out = new StringWriter();

  static List<String> commands() {
    return List.copyOf(Main.commandLine(new Interruption()).getSubcommands().keySet());
  }

  @ParameterizedTest
  @MethodSource("commands")
  void everyCommandSaysWhatItDoesWithAnExampleWithinAHundredColumns(String command) {
    assertThat(run("help", command)).isZero();
    String help = out.toString();
    assertThat(help).contains("Usage: cotrace " + command, "\nExample");
    assertThat(help.substring(help.indexOf("\nExample"))).contains("cotrace " + command);
    assertThat(help.lines()).allSatisfy(line -> assertThat(line).hasSizeLessThanOrEqualTo(100));
    if (!command.equals("help")) {
      assertThat(help).as("JSON, or why not").contains("--json");
      out.getBuffer().setLength(0);
      assertThat(run(command, "--help")).isZero();
      assertThat(out).hasToString(help);
    }
  }

  @Test
  void manyOptionsStandUnderHeadings() {
    run("help", "discover");
    assertThat(out.toString())
        .containsSubsequence(
            "--print-spec",
            "\nModel and task:\n",
            "--model=",
            "\nSampling:\n",
            "--temperature=",
            "\nMachine:\n",
            "--batch-rows=",
            "\nScores:\n",
            "--method=",
            "\nCircuit:\n",
            "--select=",
            "\nExamples\n");
  }

  @ParameterizedTest
  @MethodSource("commands")
  void theCompletionScriptKnowsEveryCommand(String command) {
    assertThat(run("completion", "zsh")).isZero();
    assertThat(out.toString())
        .startsWith("#!/usr/bin/env bash")
        .contains("complete -F _complete_cotrace -o default cotrace")
        .contains(" " + command)
        .contains("=(\"total\" \"direct\" \"through\")");
  }

  private int run(String... arguments) {
    CommandLine commands = Main.commandLine(new Interruption());
    return commands.setOut(new PrintWriter(out, true)).execute(arguments);
  }
}
