package dev.cotrace;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Collectors;
import jdk.jshell.JShell;
import jdk.jshell.Snippet;
import jdk.jshell.SnippetEvent;
import jdk.jshell.SourceCodeAnalysis.CompletionInfo;
import jdk.jshell.execution.LocalExecutionControlProvider;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The notebook in Java does what its kernel would do with it: JShell runs its cells. */
class JavaNotebookTest {
  private static final Path ROOT =
      Path.of(System.getProperty("cotrace.root", "..")).toAbsolutePath().normalize();

  @Test
  void everyCellRuns() throws IOException {
    String notebook = Files.readString(ROOT.resolve("examples/notebooks/cotrace.ipynb"));
    // A kernel starts in the notebook's folder, a test does not.
    notebook = notebook.replace("Path.of(\\\"../..\\\")", "Path.of(\\\"" + ROOT + "\\\")");
    PrintStream terminal = System.out;
    ByteArrayOutputStream printed = new ByteArrayOutputStream();
    try (JShell shell =
        JShell.builder().executionEngine(new LocalExecutionControlProvider(), Map.of()).build()) {
      System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
      shell.addToClasspath(System.getProperty("java.class.path"));
      for (JsonNode cell : new JsonMapper().readTree(notebook).get("cells")) {
        if (cell.get("cell_type").asString().equals("code")) {
          run(
              shell,
              cell.get("source")
                  .valueStream()
                  .map(JsonNode::asString)
                  .collect(Collectors.joining()));
        }
      }
    } finally {
      System.setOut(terminal);
    }
    assertThat(printed.toString(StandardCharsets.UTF_8))
        .contains("within its error", "around the words", "a0.h3->m0", "edges: faithfulness");
  }

  private static void run(JShell shell, String cell) {
    String rest = cell;
    while (!rest.isBlank()) {
      CompletionInfo statement = shell.sourceCodeAnalysis().analyzeCompletion(rest);
      for (SnippetEvent event : shell.eval(statement.source())) {
        assertThat(event.status()).as(statement.source()).isEqualTo(Snippet.Status.VALID);
        assertThat(event.exception()).as(statement.source()).isNull();
      }
      rest = statement.remaining();
    }
  }
}
