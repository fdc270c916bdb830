package dev.cotrace.task;

import dev.cotrace.rollout.ModelTerm;
import dev.cotrace.rollout.Objective;
import dev.cotrace.rollout.Outcome;
import dev.cotrace.rollout.OutcomeTerm;
import dev.cotrace.rollout.Outcomes;
import dev.cotrace.rollout.SampledText;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import org.jspecify.annotations.Nullable;

/**
 * The outcomes that objectives can name: those that come with Cotrace, and those on the class path
 * that {@link ServiceLoader} finds.
 *
 * @param codec of the model; null for a model over bare token ids
 * @param answerMarker for {@code exact-match}
 * @param judge opens {@code judge}, if the objective has it
 * @param external opens {@code external}, if the objective has it
 */
public record OutcomeLibrary(
    @Nullable TextCodec codec, String answerMarker, Source judge, Source external) {
  private static final List<String> BUILT_IN =
      List.of(OutcomeTerm.EXACT_MATCH, "contains", "regex", "judge", "external");

  /** Opens an outcome that holds a model or a process. */
  @FunctionalInterface
  public interface Source {
    /** The outcome, to be closed by the caller. */
    Outcome open() throws IOException;
  }

  /**
   * Refuses an objective with terms that do not exist, or with arguments that they do not take;
   * opens nothing.
   */
  public static void check(Objective objective) {
    List<Outcome> found = found();
    for (OutcomeTerm term : objective.outcomes()) {
      switch (term.name()) {
        case "contains" -> new Contains(false).with(term.arguments());
        case "regex" -> new RegexMatch().with(term.arguments());
        case OutcomeTerm.EXACT_MATCH -> new ExactMatch("").with(term.arguments());
        case "judge", "external" -> {
          if (!term.arguments().isEmpty()) {
            throw new IllegalArgumentException(
                "%s takes nothing in brackets, got %s".formatted(term.name(), term.arguments()));
          }
        }
        default -> {
          if (found.stream().noneMatch(outcome -> outcome.name().equals(term.name()))) {
            List<String> names = new ArrayList<>(BUILT_IN);
            found.forEach(outcome -> names.add(outcome.name() + " (found on the class path)"));
            throw Outcomes.unknown(term, names);
          }
        }
      }
    }
  }

  /**
   * The outcomes of {@code objective}; the caller closes them.
   *
   * @throws IllegalArgumentException as {@link #check} does, and when one cannot be opened
   */
  public Outcomes bind(Objective objective) throws IOException {
    check(objective);
    requireText(objective);
    SampledText.Decoder decoder = codec == null ? SampledText.Decoder.IDS : codec::decode;
    List<Outcome> known = new ArrayList<>(found());
    known.add(new ExactMatch(codec == null ? "" : answerMarker));
    known.add(new Contains(codec == null));
    known.add(new RegexMatch());
    List<Outcome> opened = new ArrayList<>();
    try {
      if (objective.has(OutcomeTerm.JUDGE)) {
        opened.add(judge.open());
      }
      if (objective.has(OutcomeTerm.EXTERNAL)) {
        opened.add(external.open());
      }
      known.addAll(opened);
      return Outcomes.of(objective, known, decoder);
    } catch (IOException | RuntimeException e) {
      opened.forEach(Outcome::close);
      throw e;
    }
  }

  private void requireText(Objective objective) {
    for (OutcomeTerm term : objective.outcomes()) {
      if (codec == null
          && term.name().equals(OutcomeTerm.EXACT_MATCH)
          && !term.arguments().isEmpty()) {
        throw new IllegalArgumentException(
            "%s reads text, but the model has no tokenizer: use exact-match"
                .formatted(term.label()));
      }
    }
  }

  /** The outcomes on the class path, each under a name of its own. */
  private static List<Outcome> found() {
    List<String> taken = new ArrayList<>(BUILT_IN);
    taken.addAll(ModelTerm.labels());
    List<Outcome> found = new ArrayList<>();
    try {
      for (Outcome outcome : ServiceLoader.load(Outcome.class)) {
        if (taken.contains(outcome.name())) {
          throw new IllegalArgumentException(
              "the class %s on the class path calls itself '%s', which is taken: give it another name()"
                  .formatted(outcome.getClass().getName(), outcome.name()));
        }
        taken.add(outcome.name());
        found.add(outcome);
      }
    } catch (ServiceConfigurationError e) {
      throw new IllegalArgumentException(
          "an outcome on the class path cannot be loaded: " + e.getMessage(), e);
    }
    return found;
  }
}
