package dev.cotrace.gate;

import static java.util.Objects.requireNonNull;

import dev.cotrace.circuit.ComputationGraph;
import dev.cotrace.model.HeadOutput;
import dev.cotrace.model.ResidualStream;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/** Writes the live rows of a run whose targets all read one stream on a tape as it goes by. */
final class RecordingStream implements ResidualStream {
  private final ResidualStream run;
  private final ComputationGraph graph;
  private final Blocks blocks;
  private final CorruptedValues corrupted;
  private final Tape.Segment segment;
  private final Comparisons compared;
  private @Nullable Tensor beforeNorm; // z of all rows, where features are of that

  /** Records the next {@code slots} slots. */
  RecordingStream(
      GatedModel model,
      Blocks blocks,
      CorruptedValues corrupted,
      Gates gates,
      Tape.Segment segment) {
    if (gates instanceof Gates.PerEdge || gates instanceof Gates.PerPiece) {
      throw new IllegalArgumentException("runs with a gate for every unit cannot be recorded");
    }
    graph = model.graph();
    compared = new Comparisons(model.units(), model.features());
    this.blocks = blocks;
    this.corrupted = corrupted;
    this.segment = segment;
    run = model.stream(gates, blocks, corrupted, segment::cut);
  }

  @Override
  public void writeInput(Tensor embedding) {
    run.writeInput(embedding); // First: it corrupts the embedding.
    segment.input(blocks.live(embedding, 0), corrupted.output(graph.inputSource(), embedding));
  }

  @Override
  public Reads readHeads(int layer) {
    Reads reads = run.readHeads(layer);
    segment.headRead(layer, blocks.live(requireNonNull(reads.shared()), 0));
    return reads;
  }

  @Override
  public Tensor changeHeads(int layer, Tensor z) {
    Tensor changed = run.changeHeads(layer, z);
    beforeNorm = compared.headsBeforeNorm(layer) ? changed : null;
    return changed;
  }

  @Override
  public void writeHeads(int layer, Tensor z, HeadOutput output) {
    segment.heads(layer, blocks.live(z, 0), corrupted.heads(z));
    if (beforeNorm != null) {
      segment.headsBeforeNorm(layer, blocks.live(beforeNorm, 0));
    }
    @Nullable Tensor other = corrupted.heads(beforeNorm == null ? z : beforeNorm);
    if (other != null) {
      segment.corruptedHeads(layer, other);
    }
    run.writeHeads(layer, z, output);
  }

  @Override
  public Tensor readMlp(int layer) {
    Tensor read = run.readMlp(layer);
    segment.mlpRead(layer, blocks.live(read, 0));
    if (blocks.corrupted()) { // Its rows read their own stream.
      segment.corruptedMlpRead(layer, corrupted.output(graph.mlpSource(layer), read));
    }
    return read;
  }

  @Override
  public void writeMlp(int layer, Tensor output) {
    Tensor other = corrupted.output(graph.mlpSource(layer), output);
    segment.mlp(layer, blocks.live(output, 0), other);
    if (blocks.corrupted()) {
      segment.corruptedMlp(layer, other);
    }
    run.writeMlp(layer, output);
  }

  @Override
  public Tensor readLogits() {
    Tensor read = run.readLogits();
    segment.finalRead(blocks.live(read, 0));
    return read;
  }

  @Override
  public void close() {
    run.close();
  }
}
