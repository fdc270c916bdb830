package dev.cotrace.spark;

import java.util.Map;
import org.apache.spark.SparkConf;
import org.jspecify.annotations.Nullable;

/** How a Spark application of ours is configured where its user has not said otherwise. */
final class SparkDefaults {
  /** What libtorch needs of the JVM (docs/decisions/0001-native-threads.md and the launcher). */
  private static final String JAVA_OPTIONS =
      "-Dorg.bytedeco.javacpp.maxPhysicalBytes=0 -Dorg.bytedeco.javacpp.maxBytes=0 --enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow";

  private static final Map<String, String> ENVIRONMENT =
      Map.of(
          "OMP_WAIT_POLICY", "PASSIVE",
          "OPENBLAS_NUM_THREADS", "1",
          "MALLOC_ARENA_MAX", "2",
          "DJL_OFFLINE", "true",
          "OPT_OUT_TRACKING", "true");

  private SparkDefaults() {}

  /** With {@code master}, or that of spark-submit, or all cores of this machine. */
  static SparkConf of(@Nullable String master) {
    SparkConf conf = new SparkConf();
    boolean submitted = conf.contains("spark.master");
    if (master != null) {
      conf.setMaster(master);
    }
    conf.setIfMissing("spark.master", "local[*]");
    conf.setIfMissing("spark.app.name", "cotrace");
    conf.setIfMissing("spark.ui.enabled", "false");
    conf.setIfMissing("spark.log.level", "WARN");
    // Sums of gradients are megabytes a task; the driver takes them one by one.
    conf.setIfMissing("spark.driver.maxResultSize", "0");
    conf.set(
        "spark.executor.extraJavaOptions",
        (conf.get("spark.executor.extraJavaOptions", "") + " " + JAVA_OPTIONS).strip());
    ENVIRONMENT.forEach((name, value) -> conf.setIfMissing("spark.executorEnv." + name, value));
    if (!submitted) {
      // Executors that are started from this class path, not from an installation of Spark.
      conf.setIfMissing("spark.executor.extraClassPath", System.getProperty("java.class.path"));
    }
    return conf;
  }
}
