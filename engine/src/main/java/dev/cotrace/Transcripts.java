package dev.cotrace;

import dev.cotrace.gate.Gates;
import dev.cotrace.rollout.Baseline;
import dev.cotrace.rollout.Draw;
import dev.cotrace.rollout.Measurement;
import dev.cotrace.rollout.PromptPair;
import dev.cotrace.rollout.Randomness;
import dev.cotrace.rollout.Rollout;
import dev.cotrace.rollout.Sample;
import dev.cotrace.rollout.Sampler;
import dev.cotrace.rollout.Scheme;
import dev.cotrace.rollout.Transcript;
import dev.cotrace.rollout.TranscriptScorer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** Samples chains of thought for people to read. */
public final class Transcripts {
  private final Experiment experiment;
  private final int each;
  private final IntFunction<Gates> gates;
  private final Draw draw;
  private final TranscriptScorer scorer;

  private Transcripts(Experiment experiment, int each, IntFunction<Gates> gates, Draw draw) {
    this.experiment = experiment;
    this.each = each;
    this.gates = gates;
    this.draw = draw;
    scorer =
        new TranscriptScorer(
            experiment.gated(),
            experiment.spec().objective(),
            experiment.task().sampling().temperature(),
            experiment.task().outcomes(),
            experiment.task().sampling().corruption());
    experiment.task().require(experiment.spec().objective());
  }

  /**
   * One sampled chain of thought.
   *
   * @param pair the id of its pair
   * @param prompt the clean prompt as text
   * @param fed the prompts and answers of the pair, ids with strings, in a few lines
   * @param sampled the sampled token ids
   * @param text the same as text
   * @param finish why sampling ended: {@code end-token}, {@code stop} or {@code budget}
   * @param logProbability of the sampled tokens, in nats
   * @param outcomes what each outcome of the objective makes of the text, by its term
   * @param value F of the transcript
   */
  public record Entry(
      String pair,
      String prompt,
      String fed,
      int[] sampled,
      String text,
      String finish,
      double logProbability,
      Map<String, Double> outcomes,
      double value) {
    /** This as JSON, in one line. */
    public String json() {
      ObjectNode json = new JsonMapper().createObjectNode().put("pair", pair);
      json.put("prompt", prompt);
      Arrays.stream(sampled).forEach(json.putArray("sampled_ids")::add);
      json.put("text", text).put("finish", finish);
      ResultJson.put(json, "log_probability", logProbability);
      if (!outcomes.isEmpty()) {
        ObjectNode terms = json.putObject("outcomes");
        outcomes.forEach((term, number) -> ResultJson.put(terms, term, number));
      }
      ResultJson.put(json, "value", value);
      return json.toString();
    }
  }

  /** From the model with all gates at {@code alpha}; 1 is the plain model. */
  public static Transcripts at(Experiment experiment, double alpha, int each) {
    return new Transcripts(
        experiment,
        each,
        rows -> {
          double[] all = new double[rows];
          Arrays.fill(all, alpha);
          return new Gates.Uniform(all);
        },
        Draw.INVERSE_CDF);
  }

  /**
   * From the model with the units of a circuit clean and all others corrupted.
   *
   * @param file that {@link dev.cotrace.report.CircuitFile} reads
   */
  public static Transcripts in(Experiment experiment, Path file, int each) throws IOException {
    Gates gates = GateSetting.parse(file.toString(), experiment.gated().units()).gates();
    return new Transcripts(experiment, each, _ -> gates, Draw.INVERSE_CDF);
  }

  /**
   * From the model on the clean prompts with units scaled.
   *
   * @param experiment without a corrupted run: {@code --corruption zero}
   * @param scales factor of each unit, by its name; 1 is the model as it is
   */
  public static Transcripts scaled(Experiment experiment, Map<String, Double> scales, int each) {
    Gates gates = GateSetting.uniform("full", 1).scaled(scales, experiment.gated().units()).gates();
    return new Transcripts(experiment, each, _ -> gates, Draw.INVERSE_CDF);
  }

  /** From {@code setting}, with noise that other settings of the same experiment share. */
  static Transcripts withGumbelNoise(Experiment experiment, GateSetting setting, int each) {
    return new Transcripts(experiment, each, setting::rows, Draw.GUMBEL_MAX);
  }

  /** Samples for every pair, in order. */
  public void forEach(DiscoveryListener listener, Consumer<Entry> reader) {
    List<PromptPair> pairs = experiment.task().pairs();
    int together = Math.max(1, experiment.spec().attribution().batchRows() / each);
    for (int first = 0; first < pairs.size(); first += together) {
      if (listener.stopRequested()) {
        throw new CancellationException("stopped as asked");
      }
      sample(first, Math.min(pairs.size(), first + together)).forEach(reader);
      experiment.tell(listener::say);
    }
  }

  /** Samples for the pairs from index {@code from} to before {@code to}, pair by pair. */
  List<Entry> sample(int from, int to) {
    List<Sampler.Request> requests = new ArrayList<>();
    for (int pair = from; pair < to; pair++) {
      requests.add(
          new Sampler.Request(experiment.task().pairs().get(pair), pair, each)
              .withNoise((long) pair << Integer.SIZE));
    }
    Sampler sampler =
        new Sampler(
            experiment.gated(),
            experiment.task().sampling(),
            new Randomness(experiment.spec().attribution().seed()),
            draw);
    List<Sample> samples =
        sampler.sample(
            gates.apply(requests.size()), requests, new Scheme.Independent(Baseline.NONE));
    List<Transcript> transcripts = new ArrayList<>();
    for (int request = 0; request < requests.size(); request++) {
      for (Rollout rollout : samples.get(request).rollouts()) {
        transcripts.add(
            new Transcript(
                requests.get(request).pair(),
                rollout,
                experiment.task().sampling().answerPrefix(),
                requests.get(request).noise()));
      }
    }
    return entries(transcripts);
  }

  private List<Entry> entries(List<Transcript> transcripts) {
    List<Measurement> measured = scorer.measure(gates.apply(transcripts.size()), transcripts);
    List<Entry> entries = new ArrayList<>();
    for (int i = 0; i < transcripts.size(); i++) {
      entries.add(entry(transcripts.get(i), measured.get(i)));
    }
    return entries;
  }

  private Entry entry(Transcript transcript, Measurement measurement) {
    Rollout rollout = transcript.rollout();
    Map<String, Double> outcomes = new LinkedHashMap<>();
    measurement.outcomes().forEach((term, value) -> outcomes.put(term.label(), value));
    return new Entry(
        transcript.pair().id(),
        experiment.text().text(transcript.pair().clean()),
        experiment.shown(transcript.pair()),
        rollout.tokens(),
        experiment.text().text(rollout.tokens()),
        SpecLabels.label(rollout.finish()),
        measurement.rolloutLogProbability(),
        outcomes,
        experiment.spec().objective().value(measurement));
  }
}
