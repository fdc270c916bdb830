package dev.cotrace;

import dev.cotrace.format.Sha256;
import dev.cotrace.model.Model;
import dev.cotrace.report.CircuitJson;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.PropertyNamingStrategies;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * Where a result comes from: programs, machine and inputs.
 *
 * @param started when the run began, in UTC
 * @param versions of Cotrace and the libraries that numbers depend on
 * @param machine the JVM and what it runs on
 * @param device libtorch's device string
 * @param seed of every draw
 * @param method what a score is
 * @param signConvention what the sign of a score means
 * @param modelSha256 of every file of the model, by name
 * @param taskSha256 of the file of pairs
 * @param meansSha256 of the file of means; null where none is read
 * @param dictionarySha256 of every file of the dictionaries, by name; empty without one
 * @param judgeSha256 of every file of the judge, by name; empty without one
 * @param modelHub repository and commit of a model of the hub; null for a local one
 * @param judgeHub the same of the judge
 * @param memory how the run was laid out, and what it was to take
 */
public record Provenance(
    Instant started,
    Map<String, String> versions,
    Map<String, String> machine,
    String device,
    long seed,
    String method,
    String signConvention,
    Map<String, String> modelSha256,
    String taskSha256,
    @Nullable String meansSha256,
    Map<String, String> dictionarySha256,
    Map<String, String> judgeSha256,
    ModelSource.@Nullable Origin modelHub,
    ModelSource.@Nullable Origin judgeHub,
    ObjectNode memory) {
  private static final JsonMapper JSON =
      JsonMapper.builder()
          .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
          .enable(SerializationFeature.INDENT_OUTPUT)
          .build();

  /** What a run reads. */
  static final List<String> INPUTS =
      List.of("model_sha256", "task_sha256", "means_sha256", "dictionary_sha256", "judge_sha256");

  /** What numbers are computed with. */
  private static final List<String> PROGRAMS = List.of("versions", "device");

  /** Where Maven writes the version of an artifact into its jar. */
  private static final String MAVEN = "/META-INF/maven/%s/%s/pom.properties";

  /** The provenance of a run of {@code experiment} that begins now. */
  public static Provenance of(Experiment experiment, RunPlan plan) throws IOException {
    return of(experiment, plan.json());
  }

  private static Provenance of(Experiment experiment, ObjectNode memory) throws IOException {
    DiscoverySpec spec = experiment.spec();
    @Nullable ModelSource judge =
        SpecOutcomes.hasJudge(spec) ? ModelSource.find(spec.outcomes().judgeModel()) : null;
    return new Provenance(
        Instant.now().truncatedTo(ChronoUnit.SECONDS),
        new TreeMap<>(
            Map.of(
                "cotrace", version(),
                "pytorch", version(MAVEN.formatted("org.bytedeco", "pytorch")),
                "tokenizers", version("/native/lib/tokenizers.properties"))),
        new TreeMap<>(
            Map.of(
                "java",
                System.getProperty("java.vm.name") + " " + Runtime.version(),
                "os",
                System.getProperty("os.name") + " " + System.getProperty("os.version"),
                "architecture",
                System.getProperty("os.arch"),
                "processors",
                String.valueOf(Runtime.getRuntime().availableProcessors()))),
        spec.device(),
        spec.attribution().seed(),
        spec.attribution().method().label(),
        CircuitJson.signConvention(experiment.gated().units()),
        experiment.model().sha256(),
        Sha256.of(Path.of(spec.task())),
        spec.sampling().corruptionSetting().kind().readsMeans()
            ? Sha256.of(Path.of(spec.sampling().means()))
            : null,
        LoadedDictionaries.sha256(spec.units()),
        judge != null ? Model.sha256Of(judge.path()) : Map.of(),
        experiment.source().hub(),
        judge == null ? null : judge.hub(),
        memory);
  }

  /** This as JSON. */
  public String json() {
    return JSON.writeValueAsString(this) + "\n";
  }

  /** What a run is about, as a digest of what its directory says of it. */
  static String run(Path directory) throws IOException {
    StringBuilder digests = new StringBuilder();
    for (String name : List.of("spec.yaml", "provenance.json", ShardFile.NAME)) {
      Path file = directory.resolve(name);
      digests.append(Files.exists(file) ? Sha256.of(file) : "-");
    }
    return digests.toString();
  }

  /**
   * Refuses to go on with a run elsewhere, or with other inputs, than it began with.
   *
   * @param directory of the run, for the error
   * @param began its {@code provenance.json}
   * @throws IllegalArgumentException naming what has changed
   */
  static void requireSame(Path directory, JsonNode began, Experiment experiment)
      throws IOException {
    JsonNode now = asJson(experiment);
    for (String what : Stream.concat(PROGRAMS.stream(), INPUTS.stream()).toList()) {
      String difference = difference(what, began, now);
      if (!difference.isEmpty()) {
        throw new IllegalArgumentException(
            "cannot go on with %s: %s; put back what it began with, or start it again"
                .formatted(directory, difference));
      }
    }
  }

  /** Where the results of {@code experiment} come from, but for memory. Reads its inputs. */
  static JsonNode asJson(Experiment experiment) throws IOException {
    return JSON.readTree(of(experiment, JSON.createObjectNode()).json());
  }

  /** How {@code what} of one provenance differs now from what it began as; empty if not at all. */
  static String difference(String what, JsonNode began, JsonNode now) {
    JsonNode then = began.path(what);
    boolean unheardOf = then.isMissingNode() && now.path(what).isEmpty();
    return unheardOf || then.equals(now.path(what))
        ? ""
        : "%s was %s and is %s"
            .formatted(what, without(then, now.path(what)), without(now.path(what), then));
  }

  /**
   * {@code one} without what {@code other} has in the same way, such as files that are the same.
   */
  private static JsonNode without(JsonNode one, JsonNode other) {
    if (!(one instanceof ObjectNode)) {
      return one;
    }
    ObjectNode rest = JSON.createObjectNode();
    one.properties().stream()
        .filter(property -> !property.getValue().equals(other.path(property.getKey())))
        .forEach(property -> rest.set(property.getKey(), property.getValue()));
    return rest;
  }

  /** The version of Cotrace, or {@code development} outside a jar. */
  public static String version() {
    return version(MAVEN.formatted("dev.cotrace", "cotrace-engine"));
  }

  private static String version(String resource) {
    try (InputStream in = Provenance.class.getResourceAsStream(resource)) {
      if (in == null) {
        return "development";
      }
      Properties properties = new Properties();
      properties.load(in);
      return properties.getProperty("version", "unknown");
    } catch (IOException e) {
      return "unknown";
    }
  }
}
