import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.w3c.dom.Element;

/**
 * Fails when a test was skipped that is not on the list of known skips, or when no test ran.
 *
 * <p>{@code java KnownSkips.java LIST REPORTS}: LIST has lines of {@code test class#method<TAB>reason}, REPORTS is Surefire's folder.
 * {@code test class#*} is every method of a class that is skipped as a whole.
 */
final class KnownSkips {
  public static void main(String[] arguments) throws Exception {
    Map<String, String> known = read(Path.of(arguments[0]));
    List<String> unknown = new ArrayList<>();
    int tests = 0;
    int skips = 0;
    for (Element test : tests(Path.of(arguments[1]))) {
      tests++;
      if (test.getElementsByTagName("skipped").getLength() > 0) {
        skips++;
        if (!known.containsKey(name(test)) && !known.containsKey(test.getAttribute("classname") + "#*")) {
          unknown.add(name(test));
        }
      }
    }
    System.out.printf("%d tests, %d skipped%n", tests, skips);
    unknown.forEach(name -> System.out.println("skipped, and not on the list of known skips: " + name));
    if (tests == 0) {
      System.out.println("no test ran: " + arguments[1] + " holds no report with a test case");
    }
    System.exit(unknown.isEmpty() && tests > 0 ? 0 : 1);
  }

  private static Map<String, String> read(Path list) throws IOException {
    Map<String, String> known = new HashMap<>();
    for (String line : Files.readAllLines(list)) {
      if (line.isBlank() || line.startsWith("//")) {
        continue;
      }
      String[] fields = line.split("\t", 2);
      if (fields.length < 2 || fields[1].isBlank()) {
        System.out.printf("%s: expected test class#method<TAB>reason, got: %s%n", list, line);
        System.exit(1);
      }
      known.put(fields[0], fields[1]);
    }
    return known;
  }

  private static List<Element> tests(Path reports) throws Exception {
    List<Element> tests = new ArrayList<>();
    if (!Files.isDirectory(reports)) {
      return tests;
    }
    try (Stream<Path> files = Files.list(reports)) {
      for (Path file : files.filter(each -> each.getFileName().toString().matches("TEST-.*\\.xml")).toList()) {
        var cases =
            DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(file.toFile()).getElementsByTagName("testcase");
        for (int i = 0; i < cases.getLength(); i++) {
          tests.add((Element) cases.item(i));
        }
      }
    }
    return tests;
  }

  /** Class and method; the arguments of a parameterised test are dropped, {@code draws(long)[3]} is {@code draws}. */
  private static String name(Element test) {
    return test.getAttribute("classname") + "#" + test.getAttribute("name").replaceFirst("[(\\[{ ].*", "");
  }
}
