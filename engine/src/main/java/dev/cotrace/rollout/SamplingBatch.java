package dev.cotrace.rollout;

import dev.cotrace.gate.Corruption;
import dev.cotrace.gate.GatedDecoding;
import dev.cotrace.rollout.Sampler.Request;
import dev.cotrace.torch.Placement;
import dev.cotrace.torch.Precision;
import dev.cotrace.torch.Scope;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/**
 * The paths of several requests, one a row.
 *
 * <p>A path grows until its chain of thought ends. Where runs are recorded it then closes: what
 * follows in its transcript (its last token, the answer prefix, the answer) is fed too.
 */
final class SamplingBatch {
  private final Sampler sampler;
  private final List<Request> requests;
  private final List<Growth> growths;
  private final GatedDecoding decoding;
  private final boolean recorded;
  private final List<List<Path>> growing = new ArrayList<>(); // by request
  private final List<Closing> closing = new ArrayList<>();
  private int rows;

  /**
   * A path whose chain of thought has ended.
   *
   * @param clean all that its transcript feeds
   * @param corrupted the same of the corrupted run, the last for the last; empty where there is
   *     none
   */
  private record Closing(Path path, int[] clean, int[] corrupted) {
    boolean done() {
      return path.fed() == clean.length;
    }

    int token() {
      return clean[path.fed()];
    }

    int partner() {
      return corrupted.length == 0
          ? token()
          : corrupted[path.fed() - clean.length + corrupted.length];
    }
  }

  SamplingBatch(
      Sampler sampler,
      List<Request> requests,
      List<Growth> growths,
      GatedDecoding decoding,
      boolean recorded) {
    this.sampler = sampler;
    this.requests = requests;
    this.growths = growths;
    this.decoding = decoding;
    this.recorded = recorded;
  }

  /** Decodes until every path has ended. */
  void run() {
    try (Scope _ = new Scope()) {
      Tensor logits = decoding.prefill();
      for (int request = 0; request < requests.size(); request++) {
        List<Path> roots = growths.get(request).roots();
        for (Path root : roots) {
          root.row = request;
          if (recorded) {
            root.recordPrompt(decoding.promptSlots(request));
          }
        }
        growing.add(underWay(request, roots));
      }
      if (paths().findAny().isEmpty()) {
        return;
      }
      int[] chosen = pack();
      Tensor index = place().indices(Arrays.stream(chosen).asLongStream().toArray(), chosen.length);
      if (resamples()) {
        drawPartners(decoding.corruptedLogits().index_select(0, index));
      }
      grow(logits.index_select(0, index));
    }
    while (paths().findAny().isPresent()) {
      if (crowded()) {
        pack();
      }
      try (Scope _ = new Scope()) {
        Tensor logits = feed();
        if (resamples()) {
          drawPartners(decoding.corruptedLogits());
        }
        grow(logits);
      }
    }
  }

  /** The paths that go on; of the others, those with more to feed begin to close. */
  private List<Path> underWay(int request, List<Path> paths) {
    for (Path path : paths) {
      if (recorded && path.done()) {
        Request own = requests.get(request);
        Transcript transcript =
            new Transcript(own.pair(), path.rollout(), sampler.sampling().answerPrefix());
        Closing end = new Closing(path, transcript.clean(), transcript.corrupted());
        if (!end.done()) {
          closing.add(end);
        }
      }
    }
    return paths.stream().filter(path -> !path.done()).toList();
  }

  private Stream<Path> paths() {
    return Stream.concat(
        growing.stream().flatMap(List::stream), closing.stream().map(Closing::path));
  }

  /** Feeds one token to every row; the logits after it, in the caller's scope. */
  private Tensor feed() {
    int[] tokens = new int[rows];
    int[] partners = new int[rows];
    for (List<Path> own : growing) {
      for (Path path : own) {
        tokens[path.row] = path.last();
        partners[path.row] = path.lastPartner();
      }
    }
    for (Closing end : closing) {
      tokens[end.path.row] = end.token();
      partners[end.path.row] = end.partner();
    }
    Tensor logits = decoding.step(tokens, partners);
    if (recorded) {
      paths().forEach(path -> path.record(decoding.slot(path.row)));
      closing.removeIf(Closing::done);
    }
    return logits;
  }

  private Placement place() {
    return sampler.model().placement();
  }

  private Placement exact() {
    return new Placement(Precision.FLOAT64, place().device());
  }

  private Tensor scaled(Tensor logits) {
    return logits.to(Precision.FLOAT64.type()).div(new Scalar(sampler.sampling().temperature()));
  }

  private boolean resamples() {
    return sampler.sampling().corruption() instanceof Corruption.Resample;
  }

  /** Draws the partner of every growing path's next token; all ways on from a path share it. */
  private void drawPartners(Tensor logits) {
    double[] uniform = new double[rows];
    for (int request = 0; request < requests.size(); request++) {
      long job = requests.get(request).job();
      for (Path path : growing.get(request)) {
        uniform[path.row] = sampler.randomness().partner(job, path.stream(), path.length());
      }
    }
    int[] drawn = Draw.inverted(exact(), scaled(logits), uniform);
    growing.forEach(own -> own.forEach(path -> path.partner(drawn[path.row])));
  }

  private void grow(Tensor logits) {
    Draw.Stream[] streams = new Draw.Stream[rows];
    Arrays.fill(streams, Draw.Stream.UNUSED);
    for (int request = 0; request < requests.size(); request++) {
      long job = requests.get(request).job();
      for (Path path : growing.get(request)) {
        streams[path.row] = new Draw.Stream(job, path.stream(), path.length());
      }
    }
    NextTokens next =
        new NextTokens(exact(), scaled(logits), sampler.draw(), sampler.randomness(), streams);
    for (int request = 0; request < requests.size(); request++) {
      List<Path> own = growing.get(request);
      if (!own.isEmpty()) {
        growing.set(request, underWay(request, growths.get(request).grow(own, next)));
      }
    }
  }

  /**
   * Whether rows must be dealt out anew: two paths go on from one, or more than a quarter of the
   * rows, whose copying would cost more than their company, have ended.
   */
  private boolean crowded() {
    int[] inRow = new int[rows];
    paths().forEach(path -> inRow[path.row]++);
    long ended = Arrays.stream(inRow).filter(count -> count == 0).count();
    return 4 * ended > rows || Arrays.stream(inRow).anyMatch(count -> count > 1);
  }

  /** Deals out one row to each path; the rows they were in. */
  private int[] pack() {
    int[] from = paths().mapToInt(path -> path.row).toArray();
    decoding.select(from);
    rows = from.length;
    int[] next = {0};
    paths().forEach(path -> path.row = next[0]++);
    return from;
  }
}
