package dev.cotrace.truth;

import dev.cotrace.Pruning.By;
import dev.cotrace.attribution.RunListener;
import dev.cotrace.circuit.Attribution;
import dev.cotrace.circuit.Method;
import dev.cotrace.circuit.Scores;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What gives every edge a score. */
interface Contender {
  /** Its name in tables. */
  String name();

  /** The scores of all edges. */
  Found find(Trial trial, RunListener listener) throws IOException;

  /**
   * Scores, row-major {@code [nSrc, nDst]}.
   *
   * @param attribution where they come with their direct and through-CoT parts
   */
  record Found(double[] scores, Optional<Attribution> attribution) {
    static Found of(double[] scores) {
      return new Found(scores, Optional.empty());
    }

    static Found of(Scores scores) {
      return of(scores.values());
    }

    static Found of(Attribution attribution) {
      return new Found(attribution.total().values(), Optional.of(attribution));
    }
  }

  /** Every method of {@code discover}, every way of {@code prune}, then what they stand beside. */
  static List<Contender> all() {
    List<Contender> all = new ArrayList<>();
    for (Method method : Method.values()) {
      all.add(new Discovered(method));
    }
    for (By by : By.values()) {
      all.add(new Pruned(by));
    }
    all.add(new TeacherForced());
    all.add(new FinalToken(FinalToken.Words.SAME));
    all.add(new FinalToken(FinalToken.Words.OWN));
    all.add(new Magnitude());
    return all;
  }

  /** Those called {@code names}, all where there are none. */
  static List<Contender> named(List<String> names) {
    List<Contender> all = all();
    List<String> known = all.stream().map(Contender::name).toList();
    for (String name : names) {
      if (!known.contains(name)) {
        throw new IllegalArgumentException(
            "expected the method to be one of %s, got '%s'"
                .formatted(String.join(", ", known), name));
      }
    }
    return names.isEmpty()
        ? all
        : all.stream().filter(contender -> names.contains(contender.name())).toList();
  }
}
