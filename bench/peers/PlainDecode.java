import dev.cotrace.model.Model;
import dev.cotrace.rollout.PlainSampler;
import dev.cotrace.rollout.Randomness;
import dev.cotrace.torch.Placement;
import dev.cotrace.torch.Precision;
import dev.cotrace.torch.Torch;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Scanner;

/**
 * Plain decoding with a KV cache: Cotrace's side of {@code decode.py}.
 *
 * <p>{@code ./cotrace bench/peers/PlainDecode.java MODEL BATCH PROMPT-TOKENS NEW-TOKENS THREADS} does one round for each
 * line of standard input, which is the prompts' ids separated by spaces, row by row, and prints the seconds it took.
 */
final class PlainDecode {
  public static void main(String[] arguments) throws Exception {
    int[] sizes = Arrays.stream(arguments).skip(1).mapToInt(Integer::parseInt).toArray();
    try (Model model = Model.load(Path.of(arguments[0]), Placement.cpu(Precision.FLOAT32));
        Scanner rounds = new Scanner(System.in)) {
      Torch.threads(sizes[3]);
      PlainSampler sampler = new PlainSampler(model.decoder(), /* temperature= */ 1, new Randomness(1));
      System.out.println(Torch.blas());
      while (rounds.hasNextLine()) {
        List<int[]> prompts = prompts(rounds.nextLine(), sizes[0], sizes[1]);
        long start = System.nanoTime();
        sampler.sample(prompts, /* rollouts= */ 1, sizes[2]);
        System.out.println((System.nanoTime() - start) / 1e9);
      }
    }
  }

  private static List<int[]> prompts(String line, int rows, int length) {
    int[] ids = Arrays.stream(line.split(" ")).mapToInt(Integer::parseInt).toArray();
    List<int[]> prompts = new ArrayList<>();
    for (int row = 0; row < rows; row++) {
      prompts.add(Arrays.copyOfRange(ids, row * length, (row + 1) * length));
    }
    return prompts;
  }
}
