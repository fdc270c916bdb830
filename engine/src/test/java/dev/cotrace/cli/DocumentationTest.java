package dev.cotrace.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;
import picocli.CommandLine.ParameterException;

/**
 * Documents name no command or option that the command line does not take, and link to what is
 * there.
 */
class DocumentationTest {
  private static final Path ROOT = Path.of(System.getProperty("cotrace.root", "..")).normalize();

  /** Lines of code blocks and spans in backticks, with variables of the environment before them. */
  private static final Pattern COMMAND =
      Pattern.compile("(?m)(?:^|`)(?:[A-Z_]+=\\S+ )*\\./cotrace ((?:\\\\\n|[^`\n])+)");

  private static final Pattern WORD =
      Pattern.compile("\"((?:\\\\.|[^\"])*)\"|'([^']*)'|(#.*|[>|].*)|((?:\\\\.|[^\\s\"'])+)");

  private static final Pattern LINK =
      Pattern.compile("\\]\\((?!https?:)([^)\\s#]*)(#[^)\\s]*)?\\)");
  private static final Pattern HEADING = Pattern.compile("(?m)^#+ (.*)$");
  private static final Pattern FENCED = Pattern.compile("(?ms)^```.*?^```");

  @Test
  void everyCommandInTheDocumentsIsTaken() throws IOException {
    List<String> refused = new ArrayList<>();
    for (Path document : documents()) {
      refusals(Files.readString(document))
          .forEach(refusal -> refused.add(ROOT.relativize(document) + ": " + refusal));
    }
    assertThat(refused).isEmpty();
  }

  @Test
  void whatTheCommandLineDoesNotTakeIsFound() {
    assertThat(refusals("```\n./cotrace discover … --model \\\n    m --rolouts 3  # of each\n```"))
        .singleElement(InstanceOfAssertFactories.STRING)
        .contains("Unknown options: '--rolouts'");
    assertThat(refusals("so `OWN=x ./cotrace discoverr` finds it")).hasSize(1);
    assertThat(refusals("`./cotrace examples/Nowhere.java`")).hasSize(1);
    assertThat(refusals("`./cotrace discover --objective 'a b' --model … > file`")).isEmpty();
  }

  @Test
  void everyLinkLeadsSomewhere() throws IOException {
    List<String> dead = new ArrayList<>();
    for (Path document : documents()) {
      String text = FENCED.matcher(Files.readString(document)).replaceAll("");
      Matcher link = LINK.matcher(text);
      while (link.find()) {
        Path target = link.group(1).isEmpty() ? document : document.resolveSibling(link.group(1));
        String anchor = link.group(2);
        if (!Files.exists(target) || (anchor != null && !anchors(target).contains(anchor))) {
          dead.add(ROOT.relativize(document) + ": " + link.group());
        }
      }
    }
    assertThat(dead).isEmpty();
  }

  /**
   * The repository's documents, but for the change log (it speaks of what was) and {@code .venv}.
   */
  private static List<Path> documents() throws IOException {
    List<Path> documents = new ArrayList<>();
    for (String folder :
        List.of("docs", "examples", "models/arithmetic", "models/dictionaries", "bench")) {
      try (Stream<Path> files = Files.walk(ROOT.resolve(folder))) {
        files
            .filter(file -> file.toString().endsWith(".md"))
            .filter(file -> !ROOT.relativize(file).toString().contains("/."))
            .forEach(documents::add);
      }
    }
    documents.add(ROOT.resolve("README.md"));
    documents.add(ROOT.resolve("CONTRIBUTING.md"));
    return documents;
  }

  /** Why each command of {@code document} that is not taken is refused. */
  private static List<String> refusals(String document) {
    List<String> refusals = new ArrayList<>();
    Matcher command = COMMAND.matcher(document);
    while (command.find()) {
      String line = command.group(1).replace("\\\n", " ");
      List<String> words = words(line);
      try {
        if (words.stream().limit(1).anyMatch(word -> word.endsWith(".java"))) {
          requireProgram(words.getFirst());
        } else if (!words.isEmpty()) {
          Main.commandLine(new Interruption()).parseArgs(words.toArray(String[]::new));
        }
      } catch (ParameterException | IllegalArgumentException e) {
        refusals.add(line + ": " + e.getMessage());
      }
    }
    return refusals;
  }

  /** Programs named in capitals stand for one of the reader's. */
  private static void requireProgram(String name) {
    boolean any = name.matches("[A-Z]+\\.java");
    if (!any && !Files.isRegularFile(ROOT.resolve(name))) {
      throw new IllegalArgumentException("there is no such program");
    }
  }

  /**
   * Words as a shell makes them, up to a comment, a pipe or a file; … stands for what is left out.
   */
  private static List<String> words(String line) {
    List<String> words = new ArrayList<>();
    Matcher word = WORD.matcher(line);
    while (word.find() && word.group(3) == null) {
      String text =
          Stream.of(1, 2, 4).map(word::group).filter(g -> g != null).findFirst().orElse("");
      boolean isValue = !words.isEmpty() && words.getLast().startsWith("--");
      if (!text.equals("…") || isValue) {
        words.add(text);
      }
    }
    return words;
  }

  /** Anchors of the headings of {@code document}, as code hosts make them. */
  private static List<String> anchors(Path document) throws IOException {
    return HEADING
        .matcher(FENCED.matcher(Files.readString(document)).replaceAll(""))
        .results()
        .map(heading -> heading.group(1).toLowerCase(Locale.ROOT))
        .map(text -> "#" + text.replaceAll("[^\\p{L}\\p{N} _-]", "").replace(' ', '-'))
        .toList();
  }
}
