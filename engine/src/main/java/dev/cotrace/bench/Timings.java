package dev.cotrace.bench;

import dev.cotrace.torch.Torch;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/**
 * How long contenders took that did their work in turns.
 *
 * @param seconds by contender, one for each round
 */
record Timings(SequencedMap<String, List<Double>> seconds) {
  /**
   * Lets all contenders do their work once a round, in order.
   *
   * @param progress hears of every round
   */
  static Timings of(
      SequencedMap<String, Runnable> contenders, int rounds, Consumer<String> progress) {
    SequencedMap<String, List<Double>> seconds = new LinkedHashMap<>();
    for (int round = 1; round <= rounds; round++) {
      contenders.forEach((name, work) -> {
        Torch.checkInterrupted();
        long start = System.nanoTime();
        work.run();
        double took = (System.nanoTime() - start) / 1e9;
        seconds.computeIfAbsent(name, _ -> new ArrayList<>()).add(took);
      });
      String all =
          seconds.entrySet().stream()
              .map(entry -> "%s %.2f s".formatted(entry.getKey(), entry.getValue().getLast()))
              .collect(Collectors.joining(", "));
      progress.accept("round %d of %d: %s".formatted(round, rounds, all));
    }
    return new Timings(seconds);
  }

  /** The fastest round of {@code contender}, in seconds. */
  double fastest(String contender) {
    return Collections.min(seconds.getOrDefault(contender, List.of()));
  }

  /** The fastest round of every contender, in seconds. */
  SequencedMap<String, Double> fastest() {
    SequencedMap<String, Double> fastest = new LinkedHashMap<>();
    seconds.forEach((name, each) -> fastest.put(name, Collections.min(each)));
    return fastest;
  }
}
