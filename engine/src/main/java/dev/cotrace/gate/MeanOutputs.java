package dev.cotrace.gate;

import dev.cotrace.circuit.ComputationGraph;
import dev.cotrace.circuit.Level;
import dev.cotrace.model.HeadOutput;
import dev.cotrace.model.KvCache;
import dev.cotrace.model.ResidualStream;
import dev.cotrace.torch.Holder;
import dev.cotrace.torch.Placement;
import dev.cotrace.torch.Precision;
import dev.cotrace.torch.Scope;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Adds up what every source adds to the stream in plain runs, position by position, and what hidden
 * units or features amount to, where these have gates.
 */
public final class MeanOutputs implements AutoCloseable {
  private final GatedModel model;
  private final int width;
  private final Holder sums; // [nSrc, positions, D] in float64
  private final Holder units = new Holder(); // [cells] in float64, of hidden units and features
  private final long[] counts;

  /**
   * Nothing yet.
   *
   * @param positions tokens of the longest sequence to come
   */
  public MeanOutputs(GatedModel model, int positions) {
    this.model = model;
    width = model.decoder().architecture().width();
    counts = new long[positions];
    int sources = model.graph().sources();
    if ((long) sources * positions * width > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          "means of %d sources at %d positions, %d wide, are too many numbers for one file: use fewer --max-new-tokens"
              .formatted(sources, positions, width));
    }
    try (Scope _ = new Scope()) {
      Placement exact = new Placement(Precision.FLOAT64, model.placement().device());
      sums = new Holder(exact.zeros(sources, positions, width));
      if (model.units().level() == Level.NEURON || model.units().level() == Level.FEATURE) {
        units.set(exact.zeros(model.units().cells()));
      }
    }
  }

  /** Runs {@code sequences} in one batch, each from position 0. */
  public void add(List<int[]> sequences) {
    SequencePairs rows =
        new SequencePairs(
            sequences.stream()
                .map(ids -> new SequencePairs.Row(ids, new int[0], new int[0], 0))
                .toList(),
            new Corruption.Constant(SourceValues.zero(0, 0)));
    Blocks blocks = rows.blocks();
    long[] padding = new long[blocks.total()];
    try (Scope _ = new Scope();
        KvCache cache = model.cache(new Gates.Uniform(new double[0]), rows.longest(), padding);
        ResidualStream stream = new AddingStream(weights(sequences, rows.longest()))) {
      Tensor ids = rows.ids(model.placement(), blocks, padding);
      model.decoder().forward(ids, cache, stream);
      stream.readLogits();
    }
    for (int[] sequence : sequences) {
      for (int t = 0; t < sequence.length; t++) {
        counts[t]++;
      }
    }
  }

  /** 1 where a row has a token and else 0, {@code [rows, time, 1]}. */
  private Tensor weights(List<int[]> sequences, int time) {
    double[] weights = new double[sequences.size() * time];
    for (int row = 0; row < sequences.size(); row++) {
      Arrays.fill(weights, row * time, row * time + sequences.get(row).length, 1);
    }
    return model.placement().tensor(weights, sequences.size(), time, 1);
  }

  /** Sequences that had a token at each position. */
  public long[] counts() {
    return counts.clone();
  }

  /** The means so far, at every position that any sequence had and over all. */
  public SourceValues means() {
    int measured = (int) Arrays.stream(counts).filter(count -> count > 0).count();
    double all = Arrays.stream(counts).sum();
    int sources = model.graph().sources();
    float[] overall = new float[sources * width];
    float[] positional = new float[sources * measured * width];
    for (int source = 0; source < sources; source++) {
      double[] own;
      try (Scope _ = new Scope()) {
        own = Placement.toDoubles(sums.get().select(0, source));
      }
      for (int d = 0; d < width; d++) {
        double sum = 0;
        for (int t = 0; t < measured; t++) {
          double at = own[t * width + d];
          sum += at;
          positional[(source * measured + t) * width + d] = (float) (at / counts[t]);
        }
        overall[source * width + d] = (float) (sum / all);
      }
    }
    return new SourceValues(sources, width, measured, overall, positional, ofUnits(all));
  }

  private float[] ofUnits(double all) {
    if (!units.isSet()) {
      return new float[0];
    }
    double[] own = Placement.toDoubles(units.get());
    float[] means = new float[own.length];
    for (int cell = 0; cell < means.length; cell++) {
      means[cell] = (float) (own[cell] / all);
    }
    return means;
  }

  /** The plain stream, whose writes are added up on the way. */
  private final class AddingStream implements ResidualStream {
    private final ComputationGraph graph = model.graph();
    private final Tensor weights;
    private final Holder stream = new Holder(); // [rows, time, D]
    private final Holder mlpRead = new Holder(); // [rows, time, D]
    private final Holder beforeNorm = new Holder(); // z, [rows, time, H, dHead]
    private final @Nullable UnitMeans means =
        units.isSet() ? new UnitMeans(model, units.get()) : null;

    AddingStream(Tensor weights) {
      this.weights = weights;
    }

    private void count(int source, Tensor output) {
      Tensor sum = output.mul(weights).to(Precision.FLOAT64.type()).sum(0);
      sums.get().select(0, source).narrow(0, 0, sum.size(0)).add_(sum);
    }

    @Override
    public void writeInput(Tensor embedding) {
      count(graph.inputSource(), embedding);
      stream.set(embedding);
    }

    @Override
    public Reads readHeads(int layer) {
      if (means != null) {
        means.cut(1 + 2 * layer, stream.get(), weights);
      }
      return Reads.shared(stream.get());
    }

    @Override
    public Tensor changeHeads(int layer, Tensor z) {
      beforeNorm.set(z);
      return z;
    }

    @Override
    public void writeHeads(int layer, Tensor z, HeadOutput output) {
      Tensor heads = output.perHead(z).reshape(z.size(2), z.size(0), z.size(1), -1);
      for (int head = 0; head < heads.size(0); head++) {
        count(graph.headSource(layer) + head, heads.select(0, head));
      }
      if (means != null) {
        means.heads(layer, z, beforeNorm.get(), weights);
      }
      stream.set(stream.get().add(output.sum(z)));
    }

    @Override
    public Tensor readMlp(int layer) {
      if (means != null && !graph.parallel()) {
        means.cut(2 + 2 * layer, stream.get(), weights);
      }
      mlpRead.set(stream.get());
      return stream.get();
    }

    @Override
    public void writeMlp(int layer, Tensor output) {
      count(graph.mlpSource(layer), output);
      if (means != null) {
        means.mlp(layer, mlpRead.get(), output, weights);
      }
      stream.set(stream.get().add(output));
    }

    @Override
    public Tensor readLogits() {
      if (means != null) {
        means.cut(graph.writers(), stream.get(), weights);
      }
      return stream.get();
    }

    @Override
    public void close() {
      stream.close();
      mlpRead.close();
      beforeNorm.close();
    }
  }

  @Override
  public void close() {
    sums.close();
    units.close();
  }
}
