package dev.cotrace.feature;

import dev.cotrace.dictionary.Dictionary;
import dev.cotrace.dictionary.Site;
import dev.cotrace.model.Architecture;
import dev.cotrace.model.Decoder;
import dev.cotrace.model.PlainRun;
import dev.cotrace.model.ResidualStream;
import dev.cotrace.torch.Holder;
import dev.cotrace.torch.Placement;
import dev.cotrace.torch.Precision;
import dev.cotrace.torch.Scope;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * What a model loses at predicting its texts when the activations at a site are replaced, in nats a
 * token.
 */
public final class NextTokenLoss {
  /** Numbers worked on at a time, as {@link PlainRun} has it. */
  private static final int PIECE = 1 << 24;

  private final Decoder decoder;

  /** For {@code decoder}. */
  public NextTokenLoss(Decoder decoder) {
    this.decoder = decoder;
  }

  /**
   * {@code −log p} of each token of each sequence but its first, given those before it: {@code
   * [sequence][T − 1]}.
   *
   * @param sequences token ids from position 0, at least one each
   */
  public double[][] plain(List<int[]> sequences) {
    return losses(sequences, Map.of());
  }

  /**
   * The same where every activation at the site that {@code dictionary} writes to is what it makes
   * of the one at the site that it reads.
   */
  public double[][] reconstructed(List<int[]> sequences, Dictionary dictionary) {
    try (Holder read = new Holder()) {
      return losses(sequences, reconstructing(dictionary, read));
    }
  }

  /** The same where every activation at {@code site} is {@code mean}, {@code [width]}. */
  public double[][] constant(List<int[]> sequences, Site site, double[] mean) {
    return losses(
        sequences,
        Map.of(
            site,
            activation ->
                decoder.placement().tensor(mean, 1, 1, mean.length).expand_as(activation)));
  }

  private static Map<Site, SiteStream.Visitor> reconstructing(Dictionary dictionary, Holder read) {
    Site input = dictionary.description().input();
    Site output = dictionary.description().output();
    SiteStream.Visitor writing =
        activation -> {
          Tensor x = read.get();
          Tensor made = dictionary.decode(dictionary.encode(x), x);
          return made.to(activation.scalar_type()).view_as(activation);
        };
    SiteStream.Visitor reading =
        activation -> {
          Tensor flat = activation.reshape(-1, activation.size(2));
          read.set(flat.to(dictionary.directions().scalar_type()));
          return activation;
        };
    return input.equals(output)
        ? Map.of(input, activation -> writing.visit(reading.visit(activation)))
        : Map.of(input, reading, output, writing);
  }

  private double[][] losses(List<int[]> sequences, Map<Site, SiteStream.Visitor> visitors) {
    double[][] losses = new double[sequences.size()][];
    PlainRun run = new PlainRun(decoder);
    sequences.forEach(run::check);
    run.run(
        sequences,
        new PlainRun.Batch() {
          @Override
          public ResidualStream stream(Tensor places) {
            return new SiteStream(decoder, visitors);
          }

          @Override
          public void read(int first, int end, ResidualStream stream, Tensor places) {
            Tensor reads = PlainRun.filled(stream.readLogits(), places);
            double[] all = losses(reads, sequences.subList(first, end));
            int at = 0;
            for (int i = first; i < end; i++) {
              int count = sequences.get(i).length - 1;
              losses[i] = Arrays.copyOfRange(all, at, at + count);
              at += count + 1;
            }
          }
        });
    return losses;
  }

  /** For every position, of reads {@code [N, D]}; of no meaning at the last of a sequence. */
  private double[] losses(Tensor reads, List<int[]> sequences) {
    Architecture architecture = decoder.architecture();
    int count = Math.toIntExact(reads.size(0));
    long[] next = new long[count];
    int at = 0;
    for (int[] ids : sequences) {
      for (int t = 1; t < ids.length; t++) {
        next[at + t - 1] = ids[t];
      }
      at += ids.length;
    }
    double[] losses = new double[count];
    int step = Math.max(1, PIECE / architecture.vocabulary());
    for (int first = 0; first < count; first += step) {
      int size = Math.min(step, count - first);
      try (Scope _ = new Scope()) {
        Tensor logits = decoder.logits(reads.narrow(0, first, size));
        Tensor log = torch.log_softmax(logits.to(Precision.FLOAT64.type()), -1);
        long[] ids = Arrays.copyOfRange(next, first, first + size);
        Tensor chosen = log.gather(1, decoder.placement().indices(ids, size, 1));
        double[] part = Placement.toDoubles(chosen.neg());
        System.arraycopy(part, 0, losses, first, size);
      }
    }
    return losses;
  }
}
