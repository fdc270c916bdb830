package dev.cotrace.rollout;

import dev.cotrace.gate.Corruption;
import dev.cotrace.gate.GateGradient;
import dev.cotrace.gate.GateGradients;
import dev.cotrace.gate.GatedForward;
import dev.cotrace.gate.GatedModel;
import dev.cotrace.gate.Gates;
import dev.cotrace.gate.Parts;
import dev.cotrace.gate.Recording;
import dev.cotrace.gate.RunRecord;
import dev.cotrace.gate.SequencePairs;
import dev.cotrace.gate.Tape;
import dev.cotrace.model.PlainRun;
import dev.cotrace.torch.Scope;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Measures transcripts under a gated model, and takes the gradient of their expected worth with
 * respect to the gates.
 *
 * @param model the gated model
 * @param objective F
 * @param temperature of the sampled distribution
 * @param outcomes read the sampled text, where the objective has such terms
 * @param corruption where the corrupted values come from
 */
public record TranscriptScorer(
    GatedModel model,
    Objective objective,
    double temperature,
    Outcomes outcomes,
    Corruption corruption) {
  /** With the same tokens in the corrupted run. */
  public TranscriptScorer(
      GatedModel model, Objective objective, double temperature, Outcomes outcomes) {
    this(model, objective, temperature, outcomes, new Corruption.Same());
  }

  /**
   * The rollouts of one prompt at one α.
   *
   * @param weighting how they count
   */
  public record Group(double alpha, List<Transcript> transcripts, Weighting weighting) {
    /** Refuses an empty group. */
    public Group {
      transcripts = List.copyOf(transcripts);
      if (transcripts.isEmpty()) {
        throw new IllegalArgumentException("a group needs at least one transcript");
      }
    }
  }

  /**
   * The gradient of one group, as row-major {@code [nSrc, nDst]} matrices (METHOD §4).
   *
   * @param direct effect at fixed tokens
   * @param throughCot effect by which tokens get sampled
   * @param measurements of each transcript
   * @param weights as the group's {@link Weighting} gave them
   * @param byBin the same by bin of positions; its bins add up to the two above
   * @param credits of each transcript
   */
  public record GroupGradient(
      double[] direct,
      double[] throughCot,
      List<Measurement> measurements,
      Weighting.Weights weights,
      GradientByBin byBin,
      List<Credit> credits) {}

  /**
   * Measures transcripts at any gates, which run once more.
   *
   * @param gates one α for each transcript, or a gate for every edge
   */
  public List<Measurement> measure(Gates gates, List<Transcript> transcripts) {
    return measure(transcripts, () -> GatedForward.finalReads(model, gates, pairs(transcripts)));
  }

  /**
   * Measures transcripts by what was recorded while they were sampled.
   *
   * @param slots of each transcript on {@code record}
   */
  public List<Measurement> measure(
      RunRecord record, List<int[]> slots, List<Transcript> transcripts) {
    return measure(transcripts, () -> record.finalReads(slots));
  }

  private List<Measurement> measure(List<Transcript> transcripts, Supplier<Tensor> live) {
    List<Map<OutcomeTerm, Double>> values = outcomes.values(objective, transcripts);
    try (Scope _ = new Scope();
        TranscriptReadout readout = readout(transcripts, live.get(), /* gradients= */ false)) {
      return readout.measurements(values);
    }
  }

  /**
   * Bytes that reading {@code positions} off the logits takes at one time.
   *
   * @param bytes of a number at the run's precision
   * @param divergence whether F compares with the clean model's distribution
   * @param gradients whether for a gradient
   */
  public static long readoutMemory(
      int vocabulary, int bytes, long positions, boolean divergence, boolean gradients) {
    return Readout.memory(vocabulary, bytes, positions, divergence, gradients);
  }

  private TranscriptReadout readout(List<Transcript> transcripts, Tensor live, boolean gradients) {
    @Nullable Tensor clean =
        objective.readsClean()
            ? new PlainRun(model.decoder())
                .finalReads(transcripts.stream().map(Transcript::clean).toList())
            : null;
    return new TranscriptReadout(
        model.decoder(), objective, temperature, transcripts, live, clean, gradients);
  }

  /** The gradients of several groups in one batch: one pass forward and one back. */
  public List<GroupGradient> gradients(List<Group> groups) {
    return gradients(groups, Bins.NONE);
  }

  /** As {@link #gradients(List)}, and by bin of positions: all edges' gates are the group's α. */
  public List<GroupGradient> gradients(List<Group> groups, Bins bins) {
    try (Tape tape = new Tape(model)) {
      Gates gates = new Gates.Uniform(alpha(groups));
      return gradients(groups, bins, recorded(gates, transcripts(groups), tape));
    }
  }

  /**
   * Runs transcripts in one pass onto {@code tape}.
   *
   * @param gates one α for each transcript
   */
  public Recording recorded(Gates gates, List<Transcript> transcripts, Tape tape) {
    return Recording.of(model, gates, pairs(transcripts), tape);
  }

  /** The α of every transcript of all groups, in order. */
  private static double[] alpha(List<Group> groups) {
    return groups.stream()
        .flatMapToDouble(g -> g.transcripts().stream().mapToDouble(_ -> g.alpha()))
        .toArray();
  }

  /** The transcripts of all groups, in order. */
  public static List<Transcript> transcripts(List<Group> groups) {
    return groups.stream().flatMap(g -> g.transcripts().stream()).toList();
  }

  /**
   * As {@link #gradients(List, Bins)}, of groups that ran before.
   *
   * @param recording of the transcripts of all groups, in order
   */
  public List<GroupGradient> gradients(List<Group> groups, Bins bins, Recording recording) {
    return read(
        groups,
        recording::finalReads,
        batch -> {
          Tensor cotangents = batch.cotangents(2);
          batch.addDirect(cotangents.select(0, 0));
          batch.addScore(cotangents.select(0, 1), batch.weight(), batch.advantages());
          GateGradients gradients =
              new GateGradient(model).of(recording, cotangents, GroupGradients.parts(groups, bins));
          return GroupGradients.collect(groups, bins, gradients, batch.measurements, batch.weights);
        });
  }

  /**
   * As {@link #gradients(List)} for independent rollouts, at least four a group, with a further
   * baseline for every edge. It belongs to no position: credits are those without it.
   */
  public List<GroupGradient> gradientsPerEdge(List<Group> groups, Recording recording) {
    return read(
        groups,
        recording::finalReads,
        batch -> {
          List<double[][]> apart = new ArrayList<>();
          List<double[][]> ones = new ArrayList<>();
          int row = 0;
          for (Group group : groups) {
            int next = row + group.transcripts().size();
            List<Measurement> own = batch.measurements.subList(row, next);
            apart.add(PerEdgeBaseline.apart(objective, own));
            ones.add(own.stream().map(TranscriptScorer::ones).toArray(double[][]::new));
            row = next;
          }
          Tensor cotangents = batch.cotangents(4);
          batch.addDirect(cotangents.select(0, 0));
          batch.addScore(cotangents.select(0, 1), batch.weight(), batch.advantages());
          batch.addUnweightedScore(cotangents.select(0, 2), apart);
          batch.addUnweightedScore(cotangents.select(0, 3), ones);
          GateGradients gradients =
              new GateGradient(model)
                  .of(recording, cotangents, Parts.eachRow(batch.measurements.size()));
          return PerEdgeBaseline.collect(
              groups, apart, gradients, batch.measurements, batch.weights);
        });
  }

  private static double[] ones(Measurement measurement) {
    double[] ones = new double[measurement.logProbability().length];
    Arrays.fill(ones, 1);
    return ones;
  }

  /** A batch of groups that has been run and read. */
  record Read(
      TranscriptReadout readout,
      Tensor live,
      List<Measurement> measurements,
      List<Weighting.Weights> weights) {
    /** Zero cotangents of what the logits read, {@code [count, N, D]}. */
    Tensor cotangents(long count) {
      return live.new_zeros(count, live.size(0), live.size(1));
    }

    double[][] advantages() {
      return weights.stream().flatMap(w -> Arrays.stream(w.advantage())).toArray(double[][]::new);
    }

    double[] weight() {
      return weights.stream().flatMapToDouble(w -> Arrays.stream(w.rollout())).toArray();
    }

    /** Adds that of the weighted f_s at fixed tokens to {@code [N, D]}. */
    void addDirect(Tensor cotangent) {
      readout.addDirect(cotangent, weight(), measurements);
    }

    /** Adds that of the weighted Σ_t A_t log H_z(x_t) to {@code [N, D]}. */
    void addScore(Tensor cotangent, double[] weight, double[][] advantages) {
      readout.addScore(cotangent, weight, advantages);
    }

    /** Adds that of Σ_t A_t log H_z(x_t) to {@code [N, D]}. */
    void addUnweightedScore(Tensor cotangent, List<double[][]> advantages) {
      double[] ones = new double[measurements.size()];
      Arrays.fill(ones, 1);
      addScore(
          cotangent, ones, advantages.stream().flatMap(Arrays::stream).toArray(double[][]::new));
    }
  }

  /** What {@code use} makes of groups that ran, given what the logits read in them. */
  <T> T read(List<Group> groups, Supplier<Tensor> finalReads, Function<Read, T> use) {
    List<Transcript> rows = transcripts(groups);
    List<Map<OutcomeTerm, Double>> values = outcomes.values(objective, rows);
    try (Scope _ = new Scope()) {
      Tensor live = finalReads.get();
      try (TranscriptReadout readout = readout(rows, live, /* gradients= */ true)) {
        List<Measurement> measurements = readout.measurements(values);
        return use.apply(new Read(readout, live, measurements, weigh(groups, measurements)));
      }
    }
  }

  private List<Weighting.Weights> weigh(List<Group> groups, List<Measurement> measurements) {
    List<Weighting.Weights> weights = new ArrayList<>();
    int row = 0;
    for (Group group : groups) {
      int next = row + group.transcripts().size();
      weights.add(group.weighting().of(objective, measurements.subList(row, next)));
      row = next;
    }
    return weights;
  }

  /** What the model is fed for {@code transcripts}, a row each. */
  public SequencePairs pairs(List<Transcript> transcripts) {
    return new SequencePairs(transcripts.stream().map(Transcript::row).toList(), corruption);
  }
}
