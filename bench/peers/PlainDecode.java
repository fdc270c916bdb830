import dev.cotrace.model.Decoder;
import dev.cotrace.model.KvCache;
import dev.cotrace.model.Model;
import dev.cotrace.model.PlainStream;
import dev.cotrace.model.ResidualStream;
import dev.cotrace.rollout.Randomness;
import dev.cotrace.torch.Holder;
import dev.cotrace.torch.Placement;
import dev.cotrace.torch.Precision;
import dev.cotrace.torch.Scope;
import dev.cotrace.torch.Torch;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Scanner;
import org.bytedeco.pytorch.Tensor;

/**
 * Plain decoding with a KV cache: Cotrace's side of {@code decode.py}.
 *
 * <p>{@code ./cotrace bench/peers/PlainDecode.java MODEL BATCH PROMPT-TOKENS NEW-TOKENS THREADS} does one round for each
 * line of standard input, which is the prompts' ids separated by spaces, row by row, and prints the seconds it took.
 * Tokens are drawn at temperature 1 as {@code rollout.Sampler} draws them.
 */
final class PlainDecode {
  private final Decoder decoder;
  private final Randomness randomness = new Randomness(1);
  private final int rows;
  private final int prompt;
  private final int fresh;

  private PlainDecode(Decoder decoder, int rows, int prompt, int fresh) {
    this.decoder = decoder;
    this.rows = rows;
    this.prompt = prompt;
    this.fresh = fresh;
  }

  public static void main(String[] arguments) throws Exception {
    int[] sizes = Arrays.stream(arguments).skip(1).mapToInt(Integer::parseInt).toArray();
    try (Model model = Model.load(Path.of(arguments[0]), Placement.cpu(Precision.FLOAT32));
        Scanner rounds = new Scanner(System.in)) {
      Torch.threads(sizes[3]);
      PlainDecode decode = new PlainDecode(model.decoder(), sizes[0], sizes[1], sizes[2]);
      System.out.println(Torch.blas());
      while (rounds.hasNextLine()) {
        long[] ids = Arrays.stream(rounds.nextLine().split(" ")).mapToLong(Long::parseLong).toArray();
        long start = System.nanoTime();
        decode.round(ids);
        System.out.println((System.nanoTime() - start) / 1e9);
      }
    }
  }

  private void round(long[] ids) {
    Placement place = decoder.placement();
    int heads = decoder.architecture().keyValueHeads();
    try (Scope _ = new Scope();
        Holder logits = new Holder();
        KvCache cache = new KvCache(place, decoder.architecture(), heads, prompt + fresh, new long[rows])) {
      forward(place.indices(ids, rows, prompt), cache, logits);
      for (int step = 0; step < fresh; step++) {
        try (Scope _ = new Scope()) {
          long[] next = draw(logits.get(), step);
          if (step < fresh - 1) {
            forward(place.indices(next, rows, 1), cache, logits);
          }
        }
      }
    }
  }

  private void forward(Tensor ids, KvCache cache, Holder logits) {
    try (Scope _ = new Scope();
        ResidualStream stream = new PlainStream()) {
      decoder.forward(ids, cache, stream);
      logits.set(decoder.logits(stream.readLogits().select(1, ids.size(1) - 1)));
    }
  }

  /** The token of each row at which its distribution function reaches a uniform number, in float64. */
  private long[] draw(Tensor logits, int step) {
    Placement exact = new Placement(Precision.FLOAT64, decoder.placement().device());
    double[] uniform = new double[rows];
    Arrays.setAll(uniform, row -> randomness.uniform(0, row, step));
    Tensor below = logits.to(Precision.FLOAT64.type()).softmax(-1).cumsum(-1);
    Tensor threshold = exact.tensor(uniform, rows, 1).mul(below.narrow(1, below.size(1) - 1, 1));
    long last = logits.size(1) - 1;
    return Arrays.stream(Placement.toDoubles(below.le(threshold).sum(-1)))
        .mapToLong(token -> Math.min((long) token, last))
        .toArray();
  }
}
