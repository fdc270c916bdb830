package dev.cotrace.model;

import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * What the forward pass reads from and writes to: the seam where runs are gated and recorded.
 *
 * <p>A tensor that is given belongs to the scope of the current layer; one that is returned lives
 * until the stream is written to again or closed. Calls come in the order of the forward pass.
 */
public interface ResidualStream extends AutoCloseable {
  /**
   * What the heads of a layer read: in the first rows, perhaps, each of its targets something of
   * its own, in the others all the same.
   *
   * @param apart what every query head's q, then k, then v reads, {@code [3H, rows, time, D]}; null
   *     for no such rows
   * @param shared what all heads read alike, {@code [rows, time, D]}; null for no such rows
   */
  record Reads(@Nullable Tensor apart, @Nullable Tensor shared) {
    /** One tensor {@code [rows, time, D]} for all targets. */
    public static Reads shared(Tensor read) {
      return new Reads(null, read);
    }
  }

  /** Token plus position embedding, {@code [rows, time, D]}. */
  void writeInput(Tensor embedding);

  /** What the heads of {@code layer} read. */
  Reads readHeads(int layer);

  /**
   * What becomes of the heads' weighted values {@code z [rows, time, H, dHead]}, before a norm that
   * follows the heads divides them: they themselves, unless a run changes them. Called before
   * {@link #writeHeads}.
   */
  default Tensor changeHeads(int layer, Tensor z) {
    return z;
  }

  /** The heads' values before the output projection, {@code [rows, time, H, dHead]}. */
  void writeHeads(int layer, Tensor z, HeadOutput output);

  /** What the MLP of {@code layer} reads, {@code [rows, time, D]}. */
  Tensor readMlp(int layer);

  /** The MLP's output with its bias, {@code [rows, time, D]}. */
  void writeMlp(int layer, Tensor output);

  /** What the final norm and the unembedding read, {@code [rows, time, D]}. */
  Tensor readLogits();

  @Override
  void close();
}
