package dev.cotrace.serve;

import dev.cotrace.circuit.Estimate;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** What a run in progress has written, read on from where the last look ended. */
final class Following {
  private static final JsonMapper JSON = new JsonMapper();

  /** A line of the log. */
  private static final Pattern PLAN = Pattern.compile("\\S+ (.*): ([0-9]{1,9}) rollout groups");

  private static final int LATEST = 12;
  private static final int LONGEST_TEXT = 600;

  /** Bytes read at one look; the rest waits for the next. */
  private static final int MOST_BYTES = 32 << 20;

  private final Path directory;
  private final Map<String, Phase> phases = new LinkedHashMap<>();
  private final Map<Double, Map<String, Mean>> values = new TreeMap<>();
  private final Deque<JsonNode> latest = new ArrayDeque<>();
  private String lastJob = "";
  private long read;
  private long rollouts;
  private long tokens;

  /** What was sampled for one purpose. */
  private static final class Phase {
    private long rollouts;
    private long groups;
  }

  /** Rollouts of one prompt pair, the unit of independence. */
  private static final class Mean {
    private double sum;
    private double weights;

    void add(double value, double weight) {
      sum += weight * value;
      weights += weight;
    }
  }

  Following(Path directory) {
    this.directory = directory;
  }

  /** How far the run is, as JSON. */
  synchronized ObjectNode look() throws IOException {
    readOn(directory.resolve("rollouts.jsonl"));
    ObjectNode json = JSON.createObjectNode();
    json.put("rollouts", rollouts).put("tokens", tokens);
    List<String> log = logged();
    putPhases(json.putArray("done"), log);
    ArrayNode gates = json.putArray("gates");
    values.forEach((alpha, pairs) -> {
      double[] means =
          pairs.values().stream().mapToDouble(mean -> mean.sum / mean.weights).toArray();
      Estimate estimate = Estimate.mean(means);
      ObjectNode gate = gates.addObject().put("alpha", alpha).put("value", estimate.value());
      if (Double.isFinite(estimate.standardError())) {
        gate.put("stderr", estimate.standardError());
      }
    });
    json.putArray("latest").addAll(latest);
    log.forEach(json.putArray("log")::add);
    return json;
  }

  /** How many groups there are to be is in the log, once more where a purpose comes again. */
  private void putPhases(ArrayNode list, List<String> log) {
    Map<String, Long> planned = new HashMap<>();
    for (String line : log) {
      Matcher plan = PLAN.matcher(line);
      if (plan.matches()) {
        planned.merge(plan.group(1), Long.parseLong(plan.group(2)), Long::sum);
      }
    }
    phases.forEach((purpose, phase) -> {
      ObjectNode entry = list.addObject().put("purpose", purpose).put("rollouts", phase.rollouts);
      entry.put("groups", phase.groups);
      if (planned.containsKey(purpose)) {
        entry.put("of", planned.get(purpose));
      }
    });
  }

  private List<String> logged() throws IOException {
    Path file = directory.resolve("log.txt");
    return Files.isRegularFile(file) ? tail(file) : List.of();
  }

  /** The last lines of the log, which is short. */
  private static List<String> tail(Path file) throws IOException {
    try (RandomAccessFile log = new RandomAccessFile(file.toFile(), "r")) {
      long from = Math.max(0, log.length() - (64 << 10));
      byte[] bytes = new byte[(int) (log.length() - from)];
      log.seek(from);
      log.readFully(bytes);
      return new String(bytes, StandardCharsets.UTF_8).lines().skip(from > 0 ? 1 : 0).toList();
    }
  }

  private void readOn(Path file) throws IOException {
    try (RandomAccessFile lines = new RandomAccessFile(file.toFile(), "r")) {
      byte[] bytes = new byte[(int) Math.min(MOST_BYTES, Math.max(0, lines.length() - read))];
      lines.seek(read);
      lines.readFully(bytes);
      int end = bytes.length;
      while (end > 0 && bytes[end - 1] != '\n') {
        end--; // The run is writing this line.
      }
      read += end;
      new String(bytes, 0, end, StandardCharsets.UTF_8).lines().forEach(this::add);
    }
  }

  private void add(String line) {
    JsonNode json;
    try {
      json = JSON.readTree(line);
    } catch (JacksonException _) {
      return;
    }
    if (!json.path("kind").asString("").equals("rollout")) {
      return;
    }
    rollouts++;
    tokens += json.path("sampled_ids").size();
    String purpose = json.path("purpose").asString("");
    Phase phase = phases.computeIfAbsent(purpose, _ -> new Phase());
    phase.rollouts++;
    // A job's rollouts are listed together, first to last.
    String job = purpose + " " + json.path("job").asString("");
    if (!job.equals(lastJob)) {
      phase.groups++;
      lastJob = job;
    }
    if (json.path("alpha").isNumber() && json.path("value").isNumber()) {
      values
          .computeIfAbsent(
              json.path("alpha").numberValue().doubleValue(), _ -> new LinkedHashMap<>())
          .computeIfAbsent(json.path("pair").asString(""), _ -> new Mean())
          .add(json.path("value").numberValue().doubleValue(), json.path("weight").asDouble(1));
    }
    latest.addFirst(shortened(json));
    while (latest.size() > LATEST) {
      latest.removeLast();
    }
  }

  private static ObjectNode shortened(JsonNode rollout) {
    ObjectNode json = JSON.createObjectNode();
    for (String name : List.of("purpose", "pair", "alpha", "value")) {
      if (rollout.has(name)) {
        json.set(name, rollout.get(name));
      }
    }
    String text = rollout.path("text").asString(rollout.path("sampled_ids").toString());
    int length = text.codePointCount(0, text.length());
    return json.put(
        "text",
        length <= LONGEST_TEXT
            ? text
            : text.substring(0, text.offsetByCodePoints(0, LONGEST_TEXT)) + "…");
  }
}
