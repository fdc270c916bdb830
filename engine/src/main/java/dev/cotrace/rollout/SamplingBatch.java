package dev.cotrace.rollout;

import dev.cotrace.gate.Corruption;
import dev.cotrace.gate.GatedDecoding;
import dev.cotrace.gate.SequencePairs;
import dev.cotrace.rollout.Sampler.Request;
import dev.cotrace.torch.Placement;
import dev.cotrace.torch.Scope;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * The paths of several requests, one a row, as many at a time as there are rows for.
 *
 * <p>A path grows until its chain of thought ends. Where runs are recorded it then closes: what
 * follows in its transcript (its last token, the answer prefix, the answer) is fed too.
 */
final class SamplingBatch {
  private final Sampler sampler;
  private final Feed feed;
  private final List<Request> requests;
  private final List<Growth> growths;
  private final GatedDecoding decoding;
  private final int mostRows;
  private final boolean recorded;
  private final List<List<Path>> growing; // by request
  private final List<Closing> closing = new ArrayList<>();
  private int admitted; // requests so far
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
      Feed feed,
      List<Request> requests,
      List<Growth> growths,
      GatedDecoding decoding,
      int mostRows,
      boolean recorded) {
    this.sampler = sampler;
    this.feed = feed;
    this.requests = requests;
    this.growths = growths;
    this.decoding = decoding;
    this.mostRows = mostRows;
    this.recorded = recorded;
    growing = new ArrayList<>(Collections.nCopies(requests.size(), List.of()));
  }

  /** Decodes until every path of every request has ended. */
  void run() {
    while (admitted < requests.size() || underWay() > 0) {
      admit();
      if (underWay() > 0) {
        if (crowded()) {
          pack();
        }
        step();
      }
    }
  }

  private int underWay() {
    return Math.toIntExact(paths().count());
  }

  /** Lets in the requests that there is room for, should it be worth their prefill. */
  private void admit() {
    int[] byRequest = new int[admitted];
    for (int request = 0; request < admitted; request++) {
      byRequest[request] = growths.get(request).rows(growing.get(request).size());
    }
    int taken = Arrays.stream(byRequest).sum() + closing.size();
    int end = admitted;
    int more = 0;
    while (end < requests.size()) {
      int next = growths.get(end).rows(growths.get(end).roots().size());
      if (taken + more > 0 && taken + more + next > mostRows) {
        break;
      }
      more += next;
      end++;
    }
    // One prefill for many, and not one for each row that ends.
    if (end > admitted && (taken == 0 || 4 * more >= taken)) {
      admit(IntStream.range(admitted, end).toArray());
      admitted = end;
    }
  }

  private void admit(int[] fresh) {
    int[] stay = paths().mapToInt(path -> path.row).toArray();
    renumber();
    SequencePairs prompts =
        new SequencePairs(
            Arrays.stream(fresh)
                .mapToObj(i -> feed.prompt(requests.get(i), sampler.sampling()))
                .toList(),
            feed.corruption());
    try (Scope _ = new Scope()) {
      Tensor logits = decoding.admit(feed.gates().of(fresh), prompts, stay);
      rows = stay.length + fresh.length;
      List<int[]> slots = recorded ? decoding.slots(prompts) : List.of();
      List<Integer> promptOf = new ArrayList<>(); // of each path that goes on
      for (int i = 0; i < fresh.length; i++) {
        List<Path> roots = growths.get(fresh[i]).roots();
        for (Path root : roots) {
          if (recorded) {
            root.recordPrompt(slots.get(i));
          }
          root.row = stay.length + i;
        }
        settle(fresh[i], roots);
        for (Path path : growing.get(fresh[i])) {
          path.row = promptOf.size();
          promptOf.add(i);
        }
      }
      if (!promptOf.isEmpty()) {
        long[] wide = promptOf.stream().mapToLong(Integer::longValue).toArray();
        Tensor index = place().indices(wide, wide.length);
        advance(fresh, logits.index_select(0, index), index);
        for (int request : fresh) {
          List<Path> grown = growing.get(request);
          grown.forEach(path -> path.row = stay.length + promptOf.get(path.row));
          settle(request, grown);
        }
      }
    }
  }

  private void step() {
    int[] all = IntStream.range(0, admitted).toArray();
    try (Scope _ = new Scope()) {
      advance(all, feed(), null);
      for (int request : all) {
        settle(request, growing.get(request));
      }
    }
  }

  /** Keeps the paths that go on; of the others, those with more to feed begin to close. */
  private void settle(int request, List<Path> paths) {
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
    growing.set(request, paths.stream().filter(path -> !path.done()).toList());
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
        tokens[path.row] = feed.live(path.last(), path.lastPartner());
        partners[path.row] = path.lastPartner();
      }
    }
    for (Closing end : closing) {
      tokens[end.path.row] = feed.live(end.token(), end.partner());
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

  private Logits scaled(Tensor logits) {
    return Logits.of(logits, sampler.sampling().temperature(), place());
  }

  private boolean resamples() {
    return feed.corruption() instanceof Corruption.Resample;
  }

  /**
   * Gives one token to every growing path of some requests.
   *
   * @param logits of the paths' rows
   * @param index which of the corrupted run's logits are those of the rows; null when all are
   */
  private void advance(int[] which, Tensor logits, @Nullable Tensor index) {
    if (resamples()) {
      Tensor corrupted = decoding.corruptedLogits();
      drawPartners(which, index == null ? corrupted : corrupted.index_select(0, index));
    }
    Draw.Stream[] streams = new Draw.Stream[Math.toIntExact(logits.size(0))];
    Arrays.fill(streams, Draw.Stream.UNUSED);
    for (int request : which) {
      long job = requests.get(request).job();
      for (Path path : growing.get(request)) {
        streams[path.row] = new Draw.Stream(job, path.stream(), path.length());
      }
    }
    NextTokens next = new NextTokens(scaled(logits), sampler.draw(), sampler.randomness(), streams);
    for (int request : which) {
      List<Path> own = growing.get(request);
      if (!own.isEmpty()) {
        growing.set(request, growths.get(request).grow(own, next));
      }
    }
  }

  /** Draws the partner of every growing path's next token; all ways on from a path share it. */
  private void drawPartners(int[] which, Tensor logits) {
    double[] uniform = new double[Math.toIntExact(logits.size(0))];
    for (int request : which) {
      long job = requests.get(request).job();
      for (Path path : growing.get(request)) {
        uniform[path.row] = sampler.randomness().partner(job, path.stream(), path.length());
      }
    }
    int[] drawn = Draw.inverted(scaled(logits), uniform);
    for (int request : which) {
      growing.get(request).forEach(path -> path.partner(drawn[path.row]));
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

  /** Deals out one row to each path. */
  private void pack() {
    decoding.select(paths().mapToInt(path -> path.row).toArray());
    rows = renumber();
  }

  /** Numbers the rows of all paths from 0; how many there are. */
  private int renumber() {
    int[] next = {0};
    paths().forEach(path -> path.row = next[0]++);
    return next[0];
  }
}
