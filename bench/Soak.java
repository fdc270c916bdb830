import dev.cotrace.Discovery;
import dev.cotrace.DiscoveryListener;
import dev.cotrace.DiscoveryResult;
import dev.cotrace.DiscoverySpec;
import dev.cotrace.SpecYaml;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.bytedeco.javacpp.Pointer;

/**
 * Whether a long run keeps within its memory: a discovery on the built-in model for an hour, or as many minutes as are
 * given, with the process's resident memory, and the number and bytes of native objects that Java holds, every second.
 *
 * <pre>
 * ./cotrace bench/Soak.java [MINUTES] [DIRECTORY]
 * ./cotrace bench/Soak.java circuits [DIRECTORY]    # hardly any gradients, two circuits for several minutes
 * </pre>
 *
 * Prints the medians of each tenth of the time, apart for gradients and circuits, which need differently much; ends with
 * exit code 1 where native memory grows by more than five percent from the second to the last: what a run needs it has by then.
 * Results of circuits wait in Java's heap until all are there.
 */
public final class Soak {
  private static final long EVERY_MILLIS = 1000;
  private static final double ALLOWED = 0.05;
  private static final int TENTHS = 10;

  /** Samples that tell anything. */
  private static final int FEWEST = 2 * TENTHS;

  private Soak() {}

  /**
   * Memory at one time.
   *
   * @param purpose of the jobs that went on
   * @param seconds since the beginning
   * @param resident bytes of the process in memory
   * @param heap bytes of it that Java's heap has taken, where results wait
   * @param objects native objects that Java holds: tensors, their lists, guards
   * @param bytes their own bytes, without what tensors point to
   */
  private record Sample(
      String purpose, double seconds, long resident, long heap, long objects, long bytes) {
    long outsideOfHeap() {
      return resident - heap;
    }
  }

  /** Runs for {@code arguments[0]} minutes. */
  public static void main(String[] arguments) throws IOException {
    String asked = arguments.length > 0 ? arguments[0] : "60";
    boolean circuits = asked.equals("circuits");
    Path directory =
        arguments.length > 1 ? Path.of(arguments[1]) : Files.createTempDirectory("soak-");
    Path root = Path.of(System.getProperty("cotrace.root", ""));
    DiscoverySpec spec =
        SpecYaml.read(
            null,
            Map.of(
                "model", root.resolve("models/arithmetic").toString(),
                "task", root.resolve("models/tasks/arithmetic-mixed.jsonl").toString(),
                "limit", 32,
                "quadrature", "gauss-legendre",
                "points", circuits ? 1 : 8,
                "repeats", circuits ? 100 : 1,
                "until", circuits ? "" : "minutes=" + asked,
                "out", directory.resolve("run").toString()));
    List<Sample> samples = new ArrayList<>();
    long started = System.nanoTime();
    DiscoveryResult result =
        Discovery.run(
            spec,
            new DiscoveryListener() {
              private long next;

              @Override
              public void progress(Progress progress) {
                long millis = (System.nanoTime() - started) / 1_000_000;
                if (millis >= next) {
                  next = millis + EVERY_MILLIS;
                  samples.add(
                      new Sample(
                          kind(progress.purpose()),
                          millis / 1000.0,
                          resident(),
                          Runtime.getRuntime().totalMemory(),
                          Pointer.totalCount(),
                          Pointer.totalBytes()));
                }
              }
            });
    System.out.printf(
        "%,d tokens in %.1f minutes, %d samples%n",
        result.attribution().sampledTokens(), result.seconds() / 60, samples.size());
    boolean flat = true;
    Map<String, List<Sample>> byPurpose =
        samples.stream()
            .collect(Collectors.groupingBy(Sample::purpose, LinkedHashMap::new, Collectors.toList()));
    for (Map.Entry<String, List<Sample>> some : byPurpose.entrySet()) {
      if (some.getValue().size() >= FEWEST) {
        flat &= isFlat(some.getKey(), some.getValue());
      }
    }
    System.exit(flat ? 0 : 1);
  }

  /** Jobs of a kind need alike much: J(0) and J(1), gradients, circuits. */
  private static String kind(String purpose) {
    return purpose.replaceAll("[ 0-9].*", "");
  }

  private static boolean isFlat(String purpose, List<Sample> samples) {
    long[] resident = new long[TENTHS];
    long[] outside = new long[TENTHS];
    for (int tenth = 0; tenth < TENTHS; tenth++) {
      List<Sample> some =
          samples.subList(samples.size() * tenth / TENTHS, samples.size() * (tenth + 1) / TENTHS);
      resident[tenth] = median(some.stream().mapToLong(Sample::resident).toArray());
      outside[tenth] = median(some.stream().mapToLong(Sample::outsideOfHeap).toArray());
      System.out.printf(
          "%s, from %,6.0f s: resident %,6d MB, %,6d MB outside of Java's heap; at most %,7d native objects of %,9d bytes%n",
          purpose,
          some.getFirst().seconds(),
          resident[tenth] >> 20,
          outside[tenth] >> 20,
          some.stream().mapToLong(Sample::objects).max().orElse(0),
          some.stream().mapToLong(Sample::bytes).max().orElse(0));
    }
    double growth = (outside[TENTHS - 1] - outside[1]) / (double) resident[1];
    System.out.printf(
        "%s: from the second tenth to the last, %+.1f %% in all, %+.1f %% outside of Java's heap%n",
        purpose,
        100.0 * (resident[TENTHS - 1] - resident[1]) / resident[1],
        100 * growth);
    return growth <= ALLOWED;
  }

  private static long median(long[] values) {
    Arrays.sort(values);
    return values.length == 0 ? 0 : values[values.length / 2];
  }

  private static long resident() {
    try {
      return Files.readAllLines(Path.of("/proc/self/status")).stream()
          .filter(line -> line.startsWith("VmRSS:"))
          .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")) << 10)
          .findFirst()
          .orElse(0);
    } catch (IOException e) {
      return 0; // Not Linux.
    }
  }
}
