package dev.cotrace.spark;

import dev.cotrace.BadInput;
import dev.cotrace.Discovery;
import dev.cotrace.DiscoveryResult;
import dev.cotrace.DiscoverySpec;
import dev.cotrace.Runners;
import dev.cotrace.SpecYaml;
import dev.cotrace.attribution.RemoteRunner;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** A discovery whose jobs are done by the executors of a Spark application. */
@Command(
    name = "spark/run",
    description = {
      "Runs a discovery on Apache Spark: the jobs are a map over executors, which load the model",
      "once each. The scores are those of cotrace discover."
    },
    mixinStandardHelpOptions = true,
    sortOptions = false,
    footer = {
      "",
      "Examples",
      "  cotrace discover … --print-spec > run.yaml",
      "  spark/run --master 'local[2]' --config run.yaml --out runs/spark",
      "  spark-submit --class dev.cotrace.spark.SparkMain … --config run.yaml --out /shared/runs/spark"
    })
public final class SparkMain implements Callable<Integer> {
  private static final int BAD_INPUT = 2;
  private static final int STOPPED = 143;

  @Option(
      names = "--config",
      paramLabel = "FILE",
      description = "The specification, as cotrace discover --print-spec writes it.")
  private @Nullable Path config;

  @Option(names = "--out", paramLabel = "DIR", description = "The run directory to make.")
  private @Nullable Path out;

  @Option(
      names = "--resume",
      paramLabel = "DIR",
      description = "Go on with the run in DIR, which was stopped or killed.")
  private @Nullable Path resume;

  @Option(
      names = "--master",
      paramLabel = "URL",
      description = "Spark's master. Default: that of spark-submit, or local[*].")
  private @Nullable String master;

  @Option(
      names = "--checkpoint-every",
      paramLabel = "SECONDS",
      description = "How long from one checkpoint to the next. Default: ${DEFAULT-VALUE}.",
      defaultValue = "60")
  private int checkpointEvery;

  private final Reporter reporter = new Reporter();

  /** Runs the command and ends the JVM with its exit code. */
  public static void main(String[] arguments) {
    SparkMain main = new SparkMain();
    Runtime.getRuntime().addShutdownHook(new Thread(main.reporter::stopAndWait, "stop"));
    CommandLine command =
        new CommandLine(main)
            .setExecutionExceptionHandler((e, _, _) -> failed(e))
            .setUsageHelpWidth(100);
    int code = command.execute(arguments);
    main.reporter.over();
    System.exit(code);
  }

  private static int failed(Exception e) {
    Throwable cause =
        e instanceof UncheckedIOException io && io.getCause() != null ? io.getCause() : e;
    if (cause instanceof CancellationException) {
      return STOPPED;
    }
    if (BadInput.is(cause) || cause instanceof IOException) {
      System.err.println("cotrace: " + cause.getMessage());
      return BAD_INPUT;
    }
    e.printStackTrace();
    return 1;
  }

  @Override
  public Integer call() throws IOException {
    SparkConf conf = SparkDefaults.of(master);
    Map<String, Object> flags = new HashMap<>();
    // A task computes with the cores that Spark gives it.
    flags.put("threads", conf.getInt("spark.task.cpus", 1));
    if (out != null) {
      flags.put("out", out.toString());
    }
    DiscoverySpec spec = resume == null ? SpecYaml.read(required(), flags) : stored(resume);
    String text = SpecYaml.text(spec.located());
    try (JavaSparkContext spark = new JavaSparkContext(conf)) {
      SparkRemote[] remote = new SparkRemote[1];
      Runners runners =
          (listener, checkpoint, run) -> {
            remote[0] = new SparkRemote(spark, text, run.layout());
            return new RemoteRunner(listener, checkpoint, run, remote[0]);
          };
      Duration every = Duration.ofSeconds(checkpointEvery);
      DiscoveryResult result =
          resume == null
              ? Discovery.run(spec, reporter, every, runners)
              : Discovery.resume(resume, reporter, every, runners);
      System.out.printf(
          "%s.%nSpark: %d tasks, %,d bytes to executors and back a task.%nFiles: %s (cotrace show %s)%n",
          result.attribution().completeness(),
          remote[0].taskCount(),
          remote[0].bytes() / Math.max(1, remote[0].taskCount()),
          result.run(),
          result.run());
      System.out.flush();
    }
    return 0;
  }

  private Path required() {
    if (config == null) {
      throw new IllegalArgumentException(
          "--config is missing: give the YAML that cotrace discover --print-spec writes, or --resume");
    }
    return config;
  }

  private static DiscoverySpec stored(Path run) throws IOException {
    Path incomplete = Path.of(run + ".incomplete");
    Path directory = Files.isDirectory(incomplete) ? incomplete : run;
    return SpecYaml.read(directory.resolve("spec.yaml"), Map.of());
  }
}
