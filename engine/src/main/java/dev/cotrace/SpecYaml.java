package dev.cotrace;

import dev.cotrace.attribution.ReferenceSettings;
import dev.cotrace.attribution.Settings;
import dev.cotrace.attribution.Steps;
import dev.cotrace.circuit.Level;
import dev.cotrace.circuit.Method;
import dev.cotrace.format.StrictYaml;
import dev.cotrace.task.OutcomeSettings;
import dev.cotrace.task.TaskFile;
import dev.cotrace.task.TaskSettings;
import java.io.IOException;
import java.lang.reflect.RecordComponent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A {@link DiscoverySpec} as YAML: one flat list of keys, which are the command line's flags
 * without the dashes.
 *
 * <p>What a specification says comes from, the later before the earlier: defaults, the YAML beside
 * the task, the configuration file, the flags.
 */
public final class SpecYaml {
  private static final String DEFAULTS =
      """
      limit: 0
      objective: answer-prob
      level: edge
      dictionary: []
      hook: []
      hook-out: []
      input-scale: []
      errors: gated
      method: ig-gates
      estimator: sampled
      baseline: leave-one-out
      rollouts: 8
      repeats: 1
      bins: none
      allot: variance
      branch-top: 2
      branch-rest: 1
      branch-most: 1
      until: ""
      backward: auto
      batch-rows: 64
      seed: 0
      memory: 70%
      dtype: float32
      device: cpu
      top: 10%
      select: top
      ranking: absolute
      reference: []
      reference-rollouts: 1
      reference-continuations: 8
      """;

  /** Every thread works on a batch of its own, which takes memory. */
  private static final int MOST_THREADS = 8;

  private static final StrictYaml YAML = new StrictYaml(SpecLabels.module());

  /** Components of the specification whose own keys stand among the others. */
  private static final Map<String, List<String>> PARTS =
      Map.of(
          "units",
          keys(UnitSettings.class),
          "attribution",
          keys(Settings.class),
          "references",
          keys(ReferenceSettings.class),
          "sampling",
          keys(TaskSettings.class),
          "outcomes",
          keys(OutcomeSettings.class));

  private static final List<String> KEYS =
      keys(DiscoverySpec.class).stream()
          .flatMap(key -> PARTS.containsKey(key) ? PARTS.get(key).stream() : Stream.of(key))
          .toList();

  private SpecYaml() {}

  /**
   * Reads a specification.
   *
   * @param configuration a YAML file, if there is one
   * @param flags by key; these win
   * @throws IllegalArgumentException naming what is wrong and where
   */
  public static DiscoverySpec read(
      @Nullable Path configuration, Map<String, ? extends @Nullable Object> flags)
      throws IOException {
    ObjectNode said = YAML.parse("the configuration", "");
    if (configuration != null) {
      said.setAll(file(configuration));
      if (flags.get("level") != null && !Level.FEATURE.label().equals(flags.get("level"))) {
        said.remove(keys(UnitSettings.class)); // Another level has no dictionaries.
      }
    }
    YAML.put(said, flags);
    ObjectNode all = YAML.parse("the defaults", DEFAULTS);
    all.put("threads", Math.min(MOST_THREADS, Runtime.getRuntime().availableProcessors()));
    all.setAll(YAML.tree(TaskSettings.DEFAULTS));
    all.setAll(YAML.tree(OutcomeSettings.DEFAULTS));
    if (said.path("task").isString()) {
      all.setAll(besideTask(Path.of(said.path("task").stringValue())));
    }
    all.setAll(said);
    putSteps(all);
    // What is wrong with a flag is not the file's fault.
    return spec(configuration == null || !flags.isEmpty() ? "" : configuration.toString(), all);
  }

  /** What the method takes by default; an unknown method is refused where all is read. */
  private static void putSteps(ObjectNode all) {
    String label = all.path("method").asString("");
    Arrays.stream(Method.values())
        .filter(method -> method.label().equals(label))
        .map(Steps::of)
        .findFirst()
        .ifPresent(steps -> {
          all.putIfAbsent("quadrature", YAML.tree(steps).path("quadrature"));
          all.putIfAbsent("points", YAML.tree(steps).path("points"));
        });
  }

  /** The specification as {@link #read} reads it. */
  public static String text(DiscoverySpec spec) {
    return YAML.text(flat(spec));
  }

  /** The same keys as JSON, in one line. */
  public static String json(DiscoverySpec spec) {
    return flat(spec).toString();
  }

  private static ObjectNode flat(DiscoverySpec spec) {
    ObjectNode flat = YAML.parse("the specification", "");
    for (Map.Entry<String, JsonNode> property : YAML.tree(spec).properties()) {
      if (property.getValue() instanceof ObjectNode part) {
        flat.setAll(part);
      } else {
        flat.set(property.getKey(), property.getValue());
      }
    }
    return flat;
  }

  private static DiscoverySpec spec(String source, ObjectNode all) {
    PARTS.forEach((name, keys) -> {
      ObjectNode part = YAML.parse(source, "");
      keys.forEach(key -> part.set(key, all.remove(key)));
      all.set(name, part);
    });
    return YAML.convert(source, all, DiscoverySpec.class);
  }

  private static ObjectNode file(Path configuration) throws IOException {
    if (!Files.isRegularFile(configuration)) {
      throw new IllegalArgumentException(
          "the configuration file %s does not exist".formatted(configuration));
    }
    ObjectNode node = YAML.parse(configuration.toString(), Files.readString(configuration));
    requireKeys(configuration.toString(), node, KEYS);
    return node;
  }

  /** The settings beside a task, checked by themselves so that errors name their file. */
  private static ObjectNode besideTask(Path task) throws IOException {
    ObjectNode beside = TaskFile.settingsBeside(task, YAML);
    String source = "the settings beside " + task;
    List<String> known = new ArrayList<>(keys(TaskSettings.class));
    known.addAll(keys(OutcomeSettings.class));
    requireKeys(source, beside, known);
    check(source, beside, TaskSettings.DEFAULTS);
    check(source, beside, OutcomeSettings.DEFAULTS);
    return beside;
  }

  /** Checks the keys of {@code said} that belong to the record {@code defaults}. */
  private static void check(String source, ObjectNode said, Record defaults) {
    ObjectNode settings = YAML.tree(defaults);
    said.properties().stream()
        .filter(property -> keys(defaults.getClass()).contains(property.getKey()))
        .forEach(property -> settings.set(property.getKey(), property.getValue()));
    YAML.convert(source, settings, defaults.getClass());
  }

  private static void requireKeys(String source, ObjectNode node, List<String> known) {
    for (String key : node.propertyNames()) {
      if (!known.contains(key)) {
        throw new IllegalArgumentException(
            "%s: unknown key '%s'; the keys are %s"
                .formatted(source, key, String.join(", ", new TreeSet<>(known))));
      }
      if (node.path(key).isNull()) {
        throw new IllegalArgumentException(
            "%s: '%s' has no value; give it one, or leave it out".formatted(source, key));
      }
    }
  }

  private static List<String> keys(Class<? extends Record> type) {
    return Arrays.stream(type.getRecordComponents())
        .map(RecordComponent::getName)
        .map(name -> name.replaceAll("([A-Z])", "-$1").toLowerCase(Locale.ROOT))
        .toList();
  }
}
