package dev.cotrace.model;

import org.bytedeco.pytorch.Tensor;

/**
 * What the forward pass reads from and writes to: the seam where runs are gated and recorded.
 *
 * <p>A read is either shared by all heads, {@code [rows, time, D]}, or one for each query head,
 * {@code [H, rows, time, D]}. A tensor that is given belongs to the scope of the current layer; one
 * that is returned lives until the stream is written to again or closed. Calls come in the order of
 * the forward pass.
 */
public interface ResidualStream extends AutoCloseable {
  /**
   * What the heads of a layer read.
   *
   * @param shared whether the three are the same tensor, read alike by all heads
   */
  record Reads(Tensor query, Tensor key, Tensor value, boolean shared) {
    /** One tensor {@code [rows, time, D]} for all three. */
    public static Reads shared(Tensor read) {
      return new Reads(read, read, read, true);
    }

    /** A read of its own for each query head, {@code [H, rows, time, D]}. */
    public static Reads perHead(Tensor query, Tensor key, Tensor value) {
      return new Reads(query, key, value, false);
    }
  }

  /** Token plus position embedding, {@code [rows, time, D]}. */
  void writeInput(Tensor embedding);

  /** What the heads of {@code layer} read. */
  Reads readHeads(int layer);

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
