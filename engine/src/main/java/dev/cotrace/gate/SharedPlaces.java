package dev.cotrace.gate;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The places of a recording, those that rows share counted once: rollouts share their prompt,
 * branches their stem. A derivative is linear in cotangents, so what rows would take back from a
 * shared place one by one goes back from it as a sum.
 *
 * <p>Rows share the places with which they begin, as long as slots and parts are the same. The
 * places make a tree, cut into {@link Stretch stretches}.
 */
final class SharedPlaces {
  private final Recording recording;
  private final Parts parts;
  private final int[] placeOf; // of each place of the recording
  private final long[] slots;
  private final long[] sources;
  private final int[] part;
  private final int[] row; // the first of those that have it
  private final int[] parent; // −1 before a row's first
  private final int[] rows; // how many have it
  private final List<Stretch> stretches = new ArrayList<>();
  private int count;

  /**
   * A run of places, one after another, that the same rows pass through.
   *
   * @param stem stretches before it, from the beginning of its rows
   * @param first of the places
   * @param length how many there are
   * @param branches whether stretches follow
   */
  record Stretch(List<Stretch> stem, int first, int length, boolean branches) {
    /** Position of the first place in its rows. */
    int start() {
      return stem.stream().mapToInt(Stretch::length).sum();
    }

    /** The places, in order. */
    IntStream places() {
      return IntStream.range(first, first + length);
    }

    /** The places of all stretches before it. */
    IntStream stemPlaces() {
      return stem.stream().flatMapToInt(Stretch::places);
    }

    /** What tells its stem from those of others. */
    int stemName() {
      return stem.isEmpty() ? -1 : stem.getLast().first;
    }
  }

  /** Which place follows {@code parent} when the next slot and part are these. */
  private record Step(int parent, int slot, int source, int part) {}

  /** The places of {@code recording}; each row's parts are those of {@code parts}. */
  SharedPlaces(Recording recording, Parts parts) {
    this.recording = recording;
    this.parts = parts;
    int most = recording.places();
    placeOf = new int[most];
    slots = new long[most];
    sources = new long[most];
    part = new int[most];
    row = new int[most];
    parent = new int[most];
    rows = new int[most];
    number();
    cut();
  }

  private void number() {
    Map<Step, Integer> known = new HashMap<>();
    int at = 0;
    for (int row = 0; row < recording.slots().size(); row++) {
      int[] own = recording.slots().get(row);
      int[] written = recording.sources().slots().get(row);
      int place = -1;
      for (int t = 0; t < own.length; t++) {
        Step step = new Step(place, own[t], written[t], parts.of(row, t));
        Integer next = known.putIfAbsent(step, count);
        if (next == null) {
          add(step, row);
          next = count - 1;
        }
        place = next;
        rows[place]++;
        placeOf[at++] = place;
      }
    }
  }

  private void add(Step step, int firstRow) {
    parent[count] = step.parent;
    slots[count] = step.slot;
    sources[count] = step.source;
    part[count] = step.part;
    row[count] = firstRow;
    count++;
  }

  /**
   * A place's stretch goes on with the next one, unless there are several, or that of a later row.
   */
  private void cut() {
    int[] children = new int[count];
    for (int place = 0; place < count; place++) {
      if (parent[place] >= 0) {
        children[parent[place]]++;
      }
    }
    Map<Integer, List<Stretch>> upTo = new HashMap<>(); // the place that they end with
    int first = 0;
    while (first < count) {
      int last = first;
      // The places that a row adds are numbered one after another.
      while (children[last] == 1 && last + 1 < count && parent[last + 1] == last) {
        last++;
      }
      List<Stretch> stem = upTo.getOrDefault(parent[first], List.of());
      Stretch stretch = new Stretch(stem, first, last + 1 - first, children[last] > 0);
      upTo.put(last, Stream.concat(stem.stream(), Stream.of(stretch)).toList());
      stretches.add(stretch);
      first = last + 1;
    }
  }

  /** How many there are. */
  int count() {
    return count;
  }

  /** The place of each place of the recording. */
  long[] ofRecording() {
    return Arrays.stream(placeOf).asLongStream().toArray();
  }

  /** Slots on the tape of the reads. */
  long[] slots(int[] places) {
    return Arrays.stream(places).mapToLong(place -> slots[place]).toArray();
  }

  /** Slots on the tape of the differences. */
  long[] sources(int[] places) {
    return Arrays.stream(places).mapToLong(place -> sources[place]).toArray();
  }

  /** The share of an earlier source's output in what is read. */
  double[] alpha(int[] places) {
    return Arrays.stream(places).mapToDouble(place -> recording.gate(row[place])).toArray();
  }

  /** The writers whose output is a constant there; −1 where there is none. */
  int[] held(int[] places) {
    return Arrays.stream(places).map(place -> recording.held(row[place])).toArray();
  }

  /**
   * Some places of one part.
   *
   * @param part which, perhaps {@link Parts#NONE}
   * @param at where they stand among the places given
   */
  record Tile(int part, int[] at) {}

  /** The places {@code own} part by part, at most so many at a time. */
  List<Tile> tiles(int[] own, int most) {
    Map<Integer, List<Integer>> byPart = new TreeMap<>();
    for (int i = 0; i < own.length; i++) {
      byPart.computeIfAbsent(part[own[i]], _ -> new ArrayList<>()).add(i);
    }
    List<Tile> tiles = new ArrayList<>();
    byPart.forEach((part, all) -> {
      for (int first = 0; first < all.size(); first += most) {
        List<Integer> some = all.subList(first, Math.min(all.size(), first + most));
        tiles.add(new Tile(part, some.stream().mapToInt(Integer::intValue).toArray()));
      }
    });
    return tiles;
  }

  /** Places after which rows part. */
  int[] ofStems() {
    return stretches.stream().filter(Stretch::branches).flatMapToInt(Stretch::places).toArray();
  }

  /**
   * A value of each place dealt out equally to the rows that have it, by place of the recording.
   */
  double[] dealt(double[] values) {
    return Arrays.stream(placeOf).mapToDouble(place -> values[place] / rows[place]).toArray();
  }

  /**
   * The stretches, a few at a time, those that follow before those that they follow; neighbours of
   * one stem and of similar length side by side.
   *
   * @param most places together, with those of their stems, unless one stretch alone has more
   */
  List<List<Stretch>> passes(int most) {
    List<Stretch> lastFirst =
        stretches.stream()
            .sorted(
                Comparator.comparingInt((Stretch stretch) -> -stretch.stem.size())
                    .thenComparingInt(Stretch::stemName)
                    .thenComparingInt(stretch -> -stretch.length))
            .toList();
    List<List<Stretch>> passes = new ArrayList<>();
    List<Stretch> pass = new ArrayList<>();
    Set<Integer> stems = new HashSet<>();
    int places = 0;
    int depth = -1;
    for (Stretch stretch : lastFirst) {
      int more = stretch.length + (stems.contains(stretch.stemName()) ? 0 : stretch.start());
      if (!pass.isEmpty() && (stretch.stem.size() != depth || places + more > most)) {
        passes.add(pass);
        pass = new ArrayList<>();
        stems.clear();
        places = 0;
        more = stretch.length + stretch.start();
      }
      depth = stretch.stem.size();
      pass.add(stretch);
      stems.add(stretch.stemName());
      places += more;
    }
    if (!pass.isEmpty()) {
      passes.add(pass);
    }
    return passes;
  }
}
