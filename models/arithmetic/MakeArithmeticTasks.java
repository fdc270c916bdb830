import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/**
 * Writes the tasks of the built-in model into the directory given: {@code arithmetic-sum}, {@code
 * arithmetic-hint} and {@code arithmetic-mixed} (both), as {@code .jsonl} with a {@code .yaml} of
 * settings beside each.
 */
final class MakeArithmeticTasks {
  private static final long SEED = 2;
  private static final int PAIRS = 64;

  private MakeArithmeticTasks() {}

  public static void main(String[] arguments) throws IOException {
    Path directory = Path.of(arguments[0]);
    RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(SEED);
    List<String> sum = lines('S', random);
    List<String> hint = lines('H', random);
    List<String> mixed = new ArrayList<>(sum);
    mixed.addAll(hint);
    write(directory, "arithmetic-sum", sum);
    write(directory, "arithmetic-hint", hint);
    write(directory, "arithmetic-mixed", mixed);
  }

  private static void write(Path directory, String name, List<String> lines) throws IOException {
    Files.write(directory.resolve(name + ".jsonl"), lines);
    Files.writeString(
        directory.resolve(name + ".yaml"),
        """
        stop: "="
        answer-prefix: ""
        max-new-tokens: %d
        """
            .formatted(Arithmetic.THOUGHT));
  }

  private static List<String> lines(char mode, RandomGenerator random) {
    List<String> lines = new ArrayList<>();
    while (lines.size() < PAIRS) {
      Arithmetic.Prompt clean = Arithmetic.Prompt.draw(mode, random);
      Arithmetic.Prompt corrupted =
          mode == 'S' ? clean.withOtherDigit(random) : clean.withOtherHint(random);
      if (tellsApart(clean, corrupted)) {
        lines.add(
            """
            {"clean": "%s", "corrupted": "%s", "answer": "%d", "wrong": "%d"}\
            """
                .formatted(clean.text(), corrupted.text(), clean.answer(), corrupted.answer()));
      }
    }
    return lines;
  }

  /**
   * Whether sums and hints of the two prompts differ, so that an answer shows where it came from.
   */
  private static boolean tellsApart(Arithmetic.Prompt clean, Arithmetic.Prompt corrupted) {
    return clean.hint() != clean.sum()
        && clean.hint() != corrupted.sum()
        && corrupted.hint() != clean.sum()
        && corrupted.hint() != corrupted.sum();
  }
}
