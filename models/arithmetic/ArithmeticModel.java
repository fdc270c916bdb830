import dev.cotrace.format.Safetensors;
import dev.cotrace.format.StoredTensor;
import dev.cotrace.model.Architecture;
import dev.cotrace.model.Decoder;
import dev.cotrace.model.KvCache;
import dev.cotrace.model.PlainStream;
import dev.cotrace.model.Rotary;
import dev.cotrace.model.Weights;
import dev.cotrace.torch.Holder;
import dev.cotrace.torch.Placement;
import dev.cotrace.torch.Precision;
import dev.cotrace.torch.Scope;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * The parameters of the built-in model by their Hugging Face names, and the engine's decoder over
 * them.
 */
final class ArithmeticModel implements AutoCloseable {
  static final int MAX_POSITIONS = 256;
  static final double ROTARY_THETA = 10_000;
  static final Architecture ARCHITECTURE =
      Architecture.llama(
          Architecture.Attention.plain(4, 4, 2, 24, Rotary.of(ROTARY_THETA, 24)),
          96, // width
          256, // MLP width
          Arithmetic.VOCABULARY,
          MAX_POSITIONS,
          1e-5,
          true, // tied unembedding
          Set.of(Arithmetic.EOS));

  private static final Placement PLACEMENT = Placement.cpu(Precision.FLOAT32);

  private final Map<String, Holder> parameters = new LinkedHashMap<>();
  private final Weights weights;
  private final Decoder decoder;

  private ArithmeticModel(Map<String, Tensor> tensors) {
    tensors.forEach((name, tensor) -> parameters.put(name, new Holder(tensor)));
    weights = Weights.huggingFace(ARCHITECTURE, PLACEMENT, tensors);
    decoder = new Decoder(ARCHITECTURE, weights);
  }

  /** Normal weights of variance 1/fan-in, smaller where a block writes to the residual stream. */
  static ArithmeticModel initial(RandomGenerator random) {
    Architecture a = ARCHITECTURE;
    int queries = a.heads() * a.headDimension();
    int shared = a.keyValueHeads() * a.headDimension();
    double read = 1 / Math.sqrt(a.width());
    double blocks = Math.sqrt(2.0 * a.layers());
    try (Scope _ = new Scope()) {
      Map<String, Tensor> tensors = new LinkedHashMap<>();
      tensors.put("model.embed_tokens.weight", normal(random, 0.04, a.vocabulary(), a.width()));
      for (int layer = 0; layer < a.layers(); layer++) {
        String at = "model.layers." + layer + ".";
        tensors.put(at + "input_layernorm.weight", ones(a.width()));
        tensors.put(at + "self_attn.q_proj.weight", normal(random, read, queries, a.width()));
        tensors.put(at + "self_attn.k_proj.weight", normal(random, read, shared, a.width()));
        tensors.put(at + "self_attn.v_proj.weight", normal(random, read, shared, a.width()));
        double headsWrite = 1 / Math.sqrt(queries) / blocks;
        tensors.put(at + "self_attn.o_proj.weight", normal(random, headsWrite, a.width(), queries));
        tensors.put(at + "post_attention_layernorm.weight", ones(a.width()));
        tensors.put(at + "mlp.gate_proj.weight", normal(random, read, a.mlp().width(), a.width()));
        tensors.put(at + "mlp.up_proj.weight", normal(random, read, a.mlp().width(), a.width()));
        double mlpWrites = 1 / Math.sqrt(a.mlp().width()) / blocks;
        tensors.put(
            at + "mlp.down_proj.weight", normal(random, mlpWrites, a.width(), a.mlp().width()));
      }
      tensors.put("model.norm.weight", ones(a.width()));
      return new ArithmeticModel(tensors);
    }
  }

  void save(Path file) throws IOException {
    List<StoredTensor> stored =
        parameters.entrySet().stream()
            .map(parameter -> stored(parameter.getKey(), parameter.getValue().get()))
            .toList();
    Safetensors.write(file, Map.of(), stored);
  }

  private static StoredTensor stored(String name, Tensor tensor) {
    double[] values = Placement.toDoubles(tensor);
    float[] narrow = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      narrow[i] = (float) values[i];
    }
    return StoredTensor.of(name, narrow, tensor.sizes().vec().get());
  }

  /** All parameters, ready to be trained in place. */
  Tensor[] trainable() {
    return parameters.values().stream()
        .map(parameter -> parameter.get().requires_grad_(true))
        .toArray(Tensor[]::new);
  }

  long size() {
    return parameters.values().stream().mapToLong(parameter -> parameter.get().numel()).sum();
  }

  /**
   * Log-probabilities {@code [rows, time - from, V]} of the tokens after positions {@code from} on.
   */
  Tensor logProbabilities(int[][] rows, int from) {
    int time = rows[0].length;
    try (Scope scope = new Scope();
        KvCache cache = cache(rows.length, time);
        PlainStream stream = new PlainStream()) {
      decoder.forward(indices(rows), cache, stream);
      Tensor last = stream.readLogits().narrow(1, from, time - from);
      return scope.keep(torch.log_softmax(decoder.logits(last), -1));
    }
  }

  private static KvCache cache(int rows, int capacity) {
    return new KvCache(
        PLACEMENT, ARCHITECTURE, ARCHITECTURE.keyValueHeads(), capacity, new long[rows]);
  }

  private static Tensor indices(int[][] rows) {
    long[] flat = Arrays.stream(rows).flatMapToInt(Arrays::stream).asLongStream().toArray();
    return PLACEMENT.indices(flat, rows.length, rows[0].length);
  }

  private static Tensor normal(RandomGenerator random, double deviation, int out, int in) {
    double[] values = new double[out * in];
    Arrays.setAll(values, i -> deviation * random.nextGaussian());
    return PLACEMENT.tensor(values, out, in);
  }

  private static Tensor ones(int width) {
    double[] values = new double[width];
    Arrays.fill(values, 1);
    return PLACEMENT.tensor(values, width);
  }

  @Override
  public void close() {
    weights.close();
    parameters.values().forEach(Holder::close);
  }
}
