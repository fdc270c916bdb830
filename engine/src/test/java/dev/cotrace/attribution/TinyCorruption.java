package dev.cotrace.attribution;

import dev.cotrace.circuit.ComputationGraph;
import dev.cotrace.gate.Corruption;
import dev.cotrace.gate.GatedModel;
import dev.cotrace.gate.SourceValues;
import dev.cotrace.model.NaiveGatedModel;
import dev.cotrace.model.TinyModel;
import dev.cotrace.rollout.Enumeration;
import dev.cotrace.rollout.ExactObjective;
import dev.cotrace.rollout.Outcomes;
import dev.cotrace.rollout.PromptPair;
import dev.cotrace.rollout.Rollout;
import dev.cotrace.rollout.Sampling;
import dev.cotrace.rollout.Scheme;
import dev.cotrace.rollout.StopRule;
import dev.cotrace.rollout.Task;
import dev.cotrace.rollout.Transcript;
import dev.cotrace.torch.Placement;
import dev.cotrace.torch.Precision;
import dev.cotrace.torch.Scope;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.apache.commons.rng.core.source64.Philox4x64;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/**
 * Every kind of corruption on a tiny task, with its corrupted values computed without the code
 * under test.
 *
 * @param model over ids 0 to 3, where 3 ends a rollout
 * @param temperature of sampling
 */
record TinyCorruption(TinyModel model, Corruption corruption, PromptPair pair, double temperature)
    implements ExactObjective.CorruptedOutputs {
  static final List<String> KINDS =
      List.of(
          "same",
          "map",
          "resample",
          "zero",
          "mean",
          "mean-positional",
          "noise",
          "same aligned",
          "map aligned",
          "resample aligned");

  private static final Placement EXACT = Placement.cpu(Precision.FLOAT64);
  private static final int[] ANSWER = {2, 0};
  private static final int[] WRONG = {1};
  private static final long NOISE_SEED = 77;
  static final int NEW_TOKENS = 2;

  static TinyCorruption of(TinyModel model, String kind) {
    int[] clean = {1, 2, 0};
    PromptPair pair =
        switch (kind) {
          case "zero", "mean", "mean-positional" ->
              new PromptPair(kind, clean, new int[0], ANSWER, WRONG);
          case "noise" -> new PromptPair(kind, clean, clean, ANSWER, WRONG);
          case "same aligned" ->
              new PromptPair(
                  kind, clean, new int[] {0, 2, 2, 1, 0}, ANSWER, WRONG, new int[] {1, 0, 4});
          case "map aligned", "resample aligned" ->
              new PromptPair(kind, clean, new int[] {2, 0}, ANSWER, WRONG, new int[] {0, 0, 1});
          default -> new PromptPair(kind, clean, new int[] {1, 3, 0}, ANSWER, WRONG);
        };
    return new TinyCorruption(model, corruption(model, kind), pair, 1);
  }

  private static Corruption corruption(TinyModel model, String kind) {
    ComputationGraph graph = GatedModel.of(model.decoder()).graph();
    int width = model.architecture().width();
    return switch (kind) {
      case "map", "map aligned" -> new Corruption.TokenMap(new int[] {2, 1, 0, 3});
      case "resample", "resample aligned" -> new Corruption.Resample();
      case "zero" -> new Corruption.Constant(SourceValues.zero(graph.sources(), width));
      case "mean" -> new Corruption.Constant(values(graph.sources(), width, 0));
      // Fewer positions than the transcripts have: the later ones get the value for all others.
      case "mean-positional" -> new Corruption.Constant(values(graph.sources(), width, 4));
      case "noise" -> new Corruption.Noise(0.8, NOISE_SEED);
      default -> new Corruption.Same();
    };
  }

  private static SourceValues values(int sources, int width, int positions) {
    SplittableRandom random = new SplittableRandom(5);
    float[] overall = new float[sources * width];
    float[] positional = new float[sources * width * positions];
    for (float[] array : List.of(overall, positional)) {
      for (int i = 0; i < array.length; i++) {
        array[i] = (float) random.nextGaussian();
      }
    }
    return new SourceValues(sources, width, positions, overall, positional);
  }

  TinyCorruption at(double other) {
    return new TinyCorruption(model, corruption, pair, other);
  }

  Sampling sampling() {
    return new Sampling(
        temperature,
        NEW_TOKENS,
        Set.of(3),
        StopRule.onTokens(0, 0),
        new int[] {1},
        new Scheme.BranchPoints.Entropy(0.5),
        corruption);
  }

  Task task() {
    return new Task(List.of(pair), sampling(), Outcomes.NONE);
  }

  /** Every chain of thought, with every choice of partners where these are drawn. */
  List<Rollout> rollouts() {
    if (!(corruption instanceof Corruption.Resample)) {
      return Enumeration.of(sampling(), 4);
    }
    List<Rollout> all = new ArrayList<>();
    Sampling same = new Sampling(1, NEW_TOKENS, Set.of(3), StopRule.onTokens(0, 0), new int[] {1});
    for (Rollout rollout : Enumeration.of(same, 4)) {
      int choices = 1 << (2 * rollout.thoughtLength());
      for (int choice = 0; choice < choices; choice++) {
        int[] partners = new int[rollout.thoughtLength()];
        for (int i = 0; i < partners.length; i++) {
          partners[i] = choice >> (2 * i) & 3;
        }
        all.add(new Rollout(rollout.tokens(), rollout.finish(), partners));
      }
    }
    return all;
  }

  List<Transcript> transcripts() {
    return rollouts().stream().map(this::transcript).toList();
  }

  Transcript transcript(Rollout rollout) {
    return new Transcript(pair, rollout, new int[] {1}, noiseName());
  }

  private long noiseName() {
    return new Job(0, 0, 0, 0, 1).noise();
  }

  @Override
  public List<Tensor> of(NaiveGatedModel naive, Transcript transcript) {
    int time = transcript.clean().length;
    return switch (corruption) {
      case Corruption.Constant(SourceValues values) -> constants(values, time);
      case Corruption.Noise noise -> naive.outputs(ids(transcript.clean()), noise(noise, time));
      default -> {
        Tensor places = EXACT.indices(places(transcript), time);
        yield naive.outputs(ids(transcript.corrupted()), null).stream()
            .map(output -> output.index_select(1, places))
            .toList();
      }
    };
  }

  /** The corrupted position for each clean one. */
  private long[] places(Transcript transcript) {
    long[] places = new long[transcript.clean().length];
    int shift = pair.corrupted().length - pair.clean().length;
    Arrays.setAll(places, t -> t < pair.alignment().length ? pair.alignment()[t] : t + shift);
    return places;
  }

  private static List<Tensor> constants(SourceValues values, int time) {
    List<Tensor> constants = new ArrayList<>();
    int width = values.width();
    for (int source = 0; source < values.sources(); source++) {
      double[] each = new double[time * width];
      for (int t = 0; t < time; t++) {
        for (int d = 0; d < width; d++) {
          each[t * width + d] =
              t < values.positions()
                  ? values.positional()[(source * values.positions() + t) * width + d]
                  : values.overall()[source * width + d];
        }
      }
      constants.add(EXACT.tensor(each, 1, time, width));
    }
    return constants;
  }

  private Tensor noise(Corruption.Noise noise, int time) {
    int width = model.architecture().width();
    double[] all = new double[time * width];
    for (int t = 0; t < time; t++) {
      Philox4x64 random = new Philox4x64(new long[] {NOISE_SEED, noiseName(), 0, t, 0, 2});
      for (int d = 0; d < width; d += 2) {
        double radius = noise.deviation() * Math.sqrt(-2 * Math.log(1 - random.nextDouble()));
        double angle = 2 * Math.PI * random.nextDouble();
        all[t * width + d] = radius * Math.cos(angle);
        all[t * width + d + 1] = radius * Math.sin(angle);
      }
    }
    return EXACT.tensor(all, 1, time, width);
  }

  @Override
  public double probability(NaiveGatedModel naive, Transcript transcript) {
    if (!(corruption instanceof Corruption.Resample)) {
      return 1;
    }
    try (Scope _ = new Scope()) {
      Tensor plain = naive.logits(naive.outputs(ids(transcript.corrupted()), null));
      double[] log = Placement.toDoubles(plain.div(new Scalar(temperature)).log_softmax(-1));
      double sum = 0;
      int[] partners = transcript.rollout().partners();
      for (int s = 0; s < partners.length; s++) {
        sum += log[(pair.corrupted().length + s - 1) * 4 + partners[s]];
      }
      return Math.exp(sum);
    }
  }

  private static Tensor ids(int[] ids) {
    return EXACT.indices(Arrays.stream(ids).asLongStream().toArray(), 1, ids.length);
  }
}
