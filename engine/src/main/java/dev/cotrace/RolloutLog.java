package dev.cotrace;

import dev.cotrace.attribution.JobResult;
import dev.cotrace.attribution.RunListener;
import dev.cotrace.attribution.Settings;
import dev.cotrace.gate.Corruption;
import dev.cotrace.rollout.Credit;
import dev.cotrace.rollout.Measurement;
import dev.cotrace.rollout.Rollout;
import dev.cotrace.task.TokenText;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.MathContext;
import java.nio.file.Path;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * {@code rollouts.jsonl}: one line for each pair as it was fed to the model, then one for each
 * sampled rollout as it comes up.
 *
 * <p>A line has a {@code kind}, {@code pair} or {@code rollout}, and its tokens as {@link
 * TokenJson} has them. Enumerated rollouts are not listed.
 *
 * <p>A rollout whose gradient was taken has its credit: {@code advantage} by sampled step, {@code
 * mass_direct} and {@code mass_through_cot} by position of what was fed (see {@link Credit}).
 */
final class RolloutLog implements RunListener, AutoCloseable {
  private static final String NAME = "rollouts.jsonl";
  private static final JsonMapper JSON = new JsonMapper();
  private static final MathContext SIX_DIGITS = new MathContext(6);

  private final Experiment experiment;
  private final RunDirectory directory;
  private final GrowingFile file;
  private final TokenJson tokens;
  private final boolean hasPartners;
  private String purpose = "";

  private RolloutLog(RunDirectory directory, Experiment experiment, GrowingFile file) {
    this.experiment = experiment;
    this.directory = directory;
    this.file = file;
    hasPartners = hasPartners(experiment.task().sampling().corruption());
    tokens = new TokenJson(experiment.text());
  }

  /** That of a run that begins. */
  static RolloutLog begin(RunDirectory directory, Experiment experiment) throws IOException {
    GrowingFile file = GrowingFile.create(directory.incomplete().resolve(NAME));
    RolloutLog log = new RolloutLog(directory, experiment, file);
    int[] prefix = experiment.task().sampling().answerPrefix();
    experiment.task().pairs().forEach(pair -> file.add(log.tokens.pair(pair, prefix).toString()));
    return log;
  }

  /** That of a run that goes on after {@code prefix}. */
  static RolloutLog resume(RunDirectory directory, Experiment experiment, FilePrefix prefix)
      throws IOException {
    Path file = directory.incomplete().resolve(NAME);
    return new RolloutLog(directory, experiment, GrowingFile.resume(file, prefix));
  }

  /** Adds a line that another process wrote. */
  void add(String line) {
    file.add(line);
  }

  /** Makes all lines durable, and says what they are. */
  FilePrefix sync() throws IOException {
    return file.sync();
  }

  /** Whether the corrupted run is fed other tokens than were sampled. */
  private static boolean hasPartners(Corruption corruption) {
    return corruption instanceof Corruption.TokenMap || corruption instanceof Corruption.Resample;
  }

  @Override
  public void planned(String newPurpose, int jobs) {
    purpose = newPurpose;
  }

  @Override
  public void done(JobResult result) {
    if (experiment.spec().attribution().estimator() == Settings.Estimator.ENUMERATE) {
      return;
    }
    directory.keep();
    for (int i = 0; i < result.rollouts().size(); i++) {
      file.add(line(result, i));
    }
  }

  private String line(JobResult result, int index) {
    Rollout rollout = result.rollouts().get(index);
    Measurement measurement = result.measurements().get(index);
    ObjectNode line =
        JSON.createObjectNode()
            .put("kind", "rollout")
            .put("purpose", purpose)
            .put("pair", experiment.task().pairs().get(result.job().prompt()).id())
            .put("job", result.job().index())
            .put("repeat", result.job().repeat())
            .put("rollout", index);
    ResultJson.put(line, "alpha", result.job().alpha());
    line.put("finish", SpecLabels.label(rollout.finish()));
    ResultJson.put(line, "weight", result.weights()[index]);
    ResultJson.put(line, "value", result.values()[index]);
    ResultJson.put(line, "log_probability", measurement.rolloutLogProbability());
    if (measurement.answerLogProbability().length > 0) {
      ResultJson.put(line, "answer_log_probability", measurement.answer());
    }
    if (!measurement.outcomes().isEmpty()) {
      ObjectNode outcomes = line.putObject("outcomes");
      measurement
          .outcomes()
          .forEach((term, value) -> ResultJson.put(outcomes, term.label(), value));
    }
    TokenText text = experiment.text();
    if (text.codec() != null) {
      line.put("text", text.text(rollout.tokens()));
    }
    tokens.put(line, "sampled", rollout.tokens());
    if (hasPartners) {
      tokens.put(line, "corrupted", rollout.partners());
    }
    put(line, "log_probabilities", measurement.logProbability());
    put(line, "kl", measurement.kl());
    put(line, "kl_reverse", measurement.klReverse());
    if (!result.credits().isEmpty()) {
      Credit credit = result.credits().get(index);
      put(line, "advantage", credit.advantage());
      put(line, "mass_direct", credit.direct());
      put(line, "mass_through_cot", credit.throughCot());
    }
    return line.toString();
  }

  /** Numbers by step or position with six significant digits; nothing where there are none. */
  private static void put(ObjectNode line, String name, double[] values) {
    if (values.length == 0) {
      return;
    }
    ArrayNode list = line.putArray(name);
    for (double value : values) {
      if (Double.isFinite(value)) {
        list.add(new BigDecimal(value).round(SIX_DIGITS).doubleValue());
      } else {
        list.addNull();
      }
    }
  }

  @Override
  public void close() throws IOException {
    file.close();
  }
}
