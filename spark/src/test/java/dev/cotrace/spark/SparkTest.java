package dev.cotrace.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.data.Offset.offset;

import dev.cotrace.Discovery;
import dev.cotrace.DiscoveryListener;
import dev.cotrace.DiscoveryResult;
import dev.cotrace.DiscoverySpec;
import dev.cotrace.Runners;
import dev.cotrace.SpecYaml;
import dev.cotrace.attribution.RemoteRunner;
import dev.cotrace.circuit.Scores;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Discoveries on real Spark: threads of this process, and executors in processes of their own. */
class SparkTest {
  private static final Path ROOT =
      Path.of(System.getProperty("cotrace.root", "..")).toAbsolutePath().normalize();

  /** Of the largest score: sums of float64 in another order. */
  private static final double ROUNDING = 1e-12;

  @TempDir Path folder;

  @Test
  void threadsOfThisProcessGiveTheScoresOfTheLocalRunner() throws IOException {
    DiscoverySpec spec = spec("spark", 2);
    DiscoveryResult local = Discovery.run(spec("local", 2), DiscoveryListener.SILENT);
    try (JavaSparkContext spark = new JavaSparkContext(SparkDefaults.of("local[2]"))) {
      DiscoveryResult result = run(spark, spec, DiscoveryListener.SILENT);
      assertSame(result, local);
    }
  }

  /** One of the two is killed while it works; Spark starts another and does its tasks again. */
  @Test
  void anExecutorThatIsKilledIsMadeUpFor() throws IOException {
    Files.createDirectories(Path.of(System.getenv("SPARK_HOME"), "jars"));
    DiscoveryResult local = Discovery.run(spec("local", 6), DiscoveryListener.SILENT);
    SparkConf conf =
        SparkDefaults.of("local-cluster[2,1,1024]").set("spark.driver.host", "127.0.0.1");
    try (JavaSparkContext spark = new JavaSparkContext(conf)) {
      AtomicBoolean killed = new AtomicBoolean();
      DiscoveryListener killing =
          new DiscoveryListener() {
            @Override
            public void progress(Progress progress) {
              boolean inTheMiddle = progress.done() > 0 && progress.done() < progress.planned();
              if (progress.purpose().startsWith("gradients") && inTheMiddle) {
                killed.compareAndSet(false, killed.get() || killAnExecutor());
              }
            }
          };
      DiscoveryResult result = run(spark, spec("spark", 6), killing);
      assertThat(killed).isTrue();
      assertSame(result, local);
    }
  }

  /** The processes that this one has started are executors: master and workers are threads. */
  private static boolean killAnExecutor() {
    return ProcessHandle.current()
        .descendants()
        .filter(process -> process.info().command().orElse("").endsWith("java"))
        .findFirst()
        .map(ProcessHandle::destroyForcibly)
        .orElse(false);
  }

  @Test
  void whatAnExecutorCannotDoIsSaidInASentence() throws IOException {
    DiscoverySpec spec = spec("spark", 2);
    try (JavaSparkContext spark = new JavaSparkContext(SparkDefaults.of("local[1]"))) {
      String elsewhere =
          SpecYaml.text(spec.located()).replace("models/arithmetic", "models/nowhere");
      Runners runners =
          (listener, checkpoint, run) ->
              new RemoteRunner(
                  listener, checkpoint, run, new SparkRemote(spark, elsewhere, run.layout()));
      assertThatThrownBy(
              () -> Discovery.run(spec, DiscoveryListener.SILENT, Duration.ZERO, runners))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageStartingWith("an executor (")
          .hasMessageContaining("models/nowhere")
          .hasMessageNotContaining("\n");
    }
  }

  private static DiscoveryResult run(
      JavaSparkContext spark, DiscoverySpec spec, DiscoveryListener listener) throws IOException {
    String text = SpecYaml.text(spec.located());
    Runners runners =
        (told, checkpoint, run) ->
            new RemoteRunner(told, checkpoint, run, new SparkRemote(spark, text, run.layout()));
    return Discovery.run(spec, listener, Duration.ofMinutes(1), runners);
  }

  private static void assertSame(DiscoveryResult actual, DiscoveryResult expected) {
    assertThat(actual.attribution().sampledTokens())
        .isEqualTo(expected.attribution().sampledTokens());
    for (List<Scores> pair :
        List.of(
            List.of(actual.attribution().total(), expected.attribution().total()),
            List.of(actual.attribution().direct(), expected.attribution().direct()))) {
      assertThat(pair.getFirst().values())
          .containsExactly(pair.getLast().values(), offset(ROUNDING));
      assertThat(pair.getFirst().standardErrors())
          .containsExactly(pair.getLast().standardErrors(), offset(ROUNDING));
    }
    assertThat(actual.circuit().cells()).isEqualTo(expected.circuit().cells());
  }

  private DiscoverySpec spec(String out, int pairs) throws IOException {
    Map<String, Object> flags = new HashMap<>();
    flags.put("model", ROOT.resolve("models/arithmetic").toString());
    flags.put("task", ROOT.resolve("models/tasks/arithmetic-sum.jsonl").toString());
    flags.put("limit", pairs);
    flags.put("quadrature", "gauss-legendre");
    flags.put("points", 6);
    flags.put("rollouts", 4);
    flags.put("threads", 1);
    flags.put("dtype", "float64");
    flags.put("out", folder.resolve(out).toString());
    return SpecYaml.read(null, flags);
  }
}
