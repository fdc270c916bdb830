package dev.cotrace.rollout;

import dev.cotrace.model.NaiveGatedModel;
import dev.cotrace.torch.Placement;
import dev.cotrace.torch.Precision;
import dev.cotrace.torch.Scope;
import dev.cotrace.torch.Torch;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * J(z) = Σ_x P(x) F(x) over all sequences x, and its gradient by autograd, from {@link
 * NaiveGatedModel}: what every estimator must agree with.
 */
public final class ExactObjective {
  private static final Placement EXACT = Placement.cpu(Precision.FLOAT64);

  private final NaiveGatedModel model;
  private final PromptPair pair;
  private final Sampling sampling;
  private final Objective objective;
  private final List<Rollout> rollouts;
  private final CorruptedOutputs corrupted;
  private final Run run;

  /** o' of every source at the positions of a transcript, and how likely its partners are. */
  public interface CorruptedOutputs {
    /** What every source adds in the corrupted run, {@code [1, time, D]} each. */
    List<Tensor> of(NaiveGatedModel model, Transcript transcript);

    /** The probability of the partners; it does not depend on the gates. */
    default double probability(NaiveGatedModel model, Transcript transcript) {
      return 1;
    }
  }

  /** What the gates are gates of. */
  private interface Run {
    /** Logits {@code [1, time, V]} at {@code gates}. */
    Tensor logits(NaiveGatedModel model, Tensor clean, List<Tensor> corrupted, Tensor gates);
  }

  /**
   * ∂J/∂z at fixed tokens and through the tokens' distribution, row-major {@code [nSrc, nDst]}; and
   * J itself.
   */
  public record Gradient(double value, double[] direct, double[] throughCot) {}

  public ExactObjective(
      NaiveGatedModel model,
      PromptPair pair,
      Sampling sampling,
      Objective objective,
      List<Rollout> rollouts) {
    this(
        model,
        pair,
        sampling,
        objective,
        rollouts,
        (naive, transcript) -> naive.outputs(ids(transcript.corrupted()), null));
  }

  public ExactObjective(
      NaiveGatedModel model,
      PromptPair pair,
      Sampling sampling,
      Objective objective,
      List<Rollout> rollouts,
      CorruptedOutputs corrupted) {
    this(model, pair, sampling, objective, rollouts, corrupted, NaiveGatedModel::logits);
  }

  private ExactObjective(
      NaiveGatedModel model,
      PromptPair pair,
      Sampling sampling,
      Objective objective,
      List<Rollout> rollouts,
      CorruptedOutputs corrupted,
      Run run) {
    this.model = model;
    this.pair = pair;
    this.sampling = sampling;
    this.objective = objective;
    this.rollouts = rollouts;
    this.corrupted = corrupted;
    this.run = run;
  }

  /** The same of runs that hold a writer, with gates as {@link NaiveGatedModel} has them there. */
  public ExactObjective withHeld(int writer, double alpha) {
    Run held =
        (naive, clean, others, gates) -> naive.logitsOfHeld(clean, others, writer, alpha, gates);
    return new ExactObjective(model, pair, sampling, objective, rollouts, corrupted, held);
  }

  /** J and ∂J/∂z at the gates {@code z}. */
  public Gradient at(double[] z) {
    int cells = model.graph().cells();
    double[] direct = new double[cells];
    double[] through = new double[cells];
    double value = 0;
    for (Rollout rollout : rollouts) {
      try (Scope _ = new Scope()) {
        Tensor gates =
            EXACT.tensor(z, model.graph().sources(), model.graph().targets()).requires_grad_(true);
        Tensor[] parts = probabilityAndValue(rollout, gates);
        double p = parts[0].item_double();
        double f = parts[1].item_double();
        value += p * f;
        add(through, f, gradient(parts[0], gates));
        add(direct, p, gradient(parts[1], gates));
      }
    }
    return new Gradient(value, direct, through);
  }

  /** E[F] and its gradient at the gates {@code z}, of rollouts drawn from the clean model. */
  public Gradient onCleanRollouts(double[] z) {
    double[] direct = new double[z.length];
    double value = 0;
    for (Rollout rollout : rollouts) {
      try (Scope _ = new Scope()) {
        Tensor gates =
            EXACT.tensor(z, model.graph().sources(), model.graph().targets()).requires_grad_(true);
        double p = probabilityAndValue(rollout, torch.ones_like(gates))[0].item_double();
        Tensor f = probabilityAndValue(rollout, gates)[1];
        value += p * f.item_double();
        add(direct, p, gradient(f, gates));
      }
    }
    return new Gradient(value, direct, new double[z.length]);
  }

  /**
   * What {@code rollout} alone adds to J and to ∂J/∂z at gates {@code alpha}, with a gate of its
   * own for every position: row-major {@code [time, nSrc, nDst]}. The through-CoT part is P(x) Σ_t
   * A_t ∇ log P(x_t), with A_t = F at every step, or {@code advantage} where given.
   */
  public Gradient byPosition(Rollout rollout, double alpha, double... advantage) {
    int time = new Transcript(pair, rollout, sampling.answerPrefix()).clean().length;
    double[] z = new double[time * model.graph().cells()];
    Arrays.fill(z, alpha);
    double[] direct = new double[z.length];
    double[] through = new double[z.length];
    try (Scope _ = new Scope()) {
      Tensor gates =
          EXACT
              .tensor(z, time, model.graph().sources(), model.graph().targets())
              .requires_grad_(true);
      Tensor[] parts = probabilityAndValue(rollout, gates, advantage);
      double p = parts[0].item_double();
      double f = parts[1].item_double();
      add(through, advantage.length == 0 ? p * f : p, gradient(parts[2], gates));
      add(direct, p, gradient(parts[1], gates));
      return new Gradient(p * f, direct, through);
    }
  }

  private static double[] gradient(Tensor scalar, Tensor gates) {
    Tensor anchored = scalar.add(gates.sum().mul(new Scalar(0.0)));
    return Placement.toDoubles(Torch.pullBack(anchored, torch.ones_like(anchored), true, gates)[0]);
  }

  private static void add(double[] sum, double factor, double[] values) {
    Arrays.setAll(sum, i -> sum[i] + factor * values[i]);
  }

  /**
   * P(x), F(x, z) and Σ_t A_t log P(x_t), A_t = 1 where it is not given, as differentiable scalars,
   * in the caller's scope.
   */
  private Tensor[] probabilityAndValue(Rollout rollout, Tensor gates, double... advantage) {
    Transcript transcript = new Transcript(pair, rollout, sampling.answerPrefix());
    Tensor clean = ids(transcript.clean());
    List<Tensor> others = corrupted.of(model, transcript);
    Tensor logits = run.logits(model, clean, others, gates).select(0, 0);
    Tensor cleanLogits = model.logits(clean, others, torch.ones_like(gates)).select(0, 0);
    Tensor log = logits.div(new Scalar(sampling.temperature())).log_softmax(-1);
    Tensor cleanLog = cleanLogits.div(new Scalar(sampling.temperature())).log_softmax(-1);
    Tensor logP = zero();
    Tensor score = zero();
    Tensor value = zero();
    int prompt = pair.clean().length;
    for (int t = 0; t < rollout.steps(); t++) {
      Tensor at = log.select(0, prompt + t - 1);
      Tensor cleanAt = cleanLog.select(0, prompt + t - 1);
      Tensor token = at.select(0, rollout.tokens()[t]);
      logP = logP.add(token);
      score = score.add(token.mul(new Scalar(advantage.length == 0 ? 1 : advantage[t])));
      value = value.add(cleanAt.exp().mul(cleanAt.sub(at)).sum().mul(weight(ModelTerm.KL)));
      value = value.add(at.exp().mul(at.sub(cleanAt)).sum().mul(weight(ModelTerm.KL_REVERSE)));
    }
    int first = prompt + rollout.thoughtLength() + sampling.answerPrefix().length - 1;
    Tensor begins = log.select(0, first);
    Tensor cleanBegins = cleanLog.select(0, first);
    value =
        value.add(
            cleanBegins.exp().mul(cleanBegins.sub(begins)).sum().mul(weight(ModelTerm.ANSWER_KL)));
    if (pair.answer().length > 0) {
      Tensor answer = zero();
      for (int i = 0; i < pair.answer().length; i++) {
        answer = answer.add(log.select(0, first + i).select(0, pair.answer()[i]));
      }
      Tensor raw = logits.select(0, first);
      Tensor contrast = raw.select(0, pair.answer()[0]).sub(raw.select(0, pair.wrong()[0]));
      value = value.add(answer.mul(weight(ModelTerm.ANSWER_LOGPROB)));
      value = value.add(answer.exp().mul(weight(ModelTerm.ANSWER_PROB)));
      Tensor chance = raw.softmax(-1);
      Tensor ahead = chance.select(0, pair.answer()[0]).sub(chance.select(0, pair.wrong()[0]));
      value = value.add(contrast.mul(weight(ModelTerm.LOGIT_DIFF)));
      value = value.add(ahead.mul(weight(ModelTerm.PROB_DIFF)));
    }
    value = value.add(new Scalar(objective.weight(ModelTerm.LENGTH) * rollout.steps()));
    for (OutcomeTerm term : objective.outcomes()) {
      value = value.add(new Scalar(objective.weight(term) * outcome(term, rollout)));
    }
    double partners = corrupted.probability(model, transcript);
    return new Tensor[] {logP.exp().mul(new Scalar(partners)), value, score};
  }

  /** What the outcomes of the laws make of token ids. */
  private double outcome(OutcomeTerm term, Rollout rollout) {
    List<Integer> ids =
        Arrays.stream(rollout.tokens()).limit(rollout.thoughtLength()).boxed().toList();
    List<Integer> answer = Arrays.stream(pair.answer()).boxed().toList();
    boolean is =
        switch (term.label()) {
          case "exact-match" ->
              ids.size() >= answer.size()
                  && ids.subList(ids.size() - answer.size(), ids.size()).equals(answer);
          case "contains(\"0\")" -> ids.contains(0);
          case "contains(\"1 0\")" -> Collections.indexOfSubList(ids, List.of(1, 0)) >= 0;
          case "contains(wrong)" -> ids.contains(pair.wrong()[0]);
          case "regex(\"^1\")" -> !ids.isEmpty() && ids.getFirst() == 1;
          default -> throw new IllegalArgumentException("no reference for " + term);
        };
    return is ? 1 : 0;
  }

  private Scalar weight(ModelTerm term) {
    return new Scalar(objective.weight(term));
  }

  private static Tensor zero() {
    return EXACT.zeros(1).squeeze();
  }

  private static Tensor ids(int[] ids) {
    return EXACT.indices(Arrays.stream(ids).asLongStream().toArray(), 1, ids.length);
  }
}
