package dev.cotrace.cli;

import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Flags that say how scores are computed; keys of the specification. */
@Heading("Scores")
@SuppressWarnings("UnusedVariable") // Flags reads what picocli set, by key.
final class AttributionOptions {
  @Option(
      names = "--method",
      paramLabel = "NAME",
      description = {
        "ig-gates: gradients over all gates; with frozen differences eap-ig-inputs,",
        "eap-ig-activations (--points steps, 5), clean-corrupted and eap, as EAP-IG has them;",
        "exact: an intervention on every edge or other unit; random. Default: ig-gates."
      })
  private @Nullable String method;

  @Option(
      names = "--estimator",
      paramLabel = "KIND",
      description = {
        "sampled: apart from each other; without-replacement: K different ones; branching: K trees;",
        "enumerate: all there are. Default: sampled."
      })
  private @Nullable String estimator;

  @Option(
      names = "--baseline",
      paramLabel = "KIND",
      description = {
        "For sampled: leave-one-out, per-edge, none, or reinforce (the whole outcome at each step,",
        "no baseline). Default: leave-one-out."
      })
  private @Nullable String baseline;

  @Option(
      names = "--rollouts",
      paramLabel = "K",
      description = "Of each prompt at each gate value, at least 2. Default: 8.")
  private @Nullable Integer rollouts;

  @Option(
      names = "--repeats",
      paramLabel = "N",
      description = "Rounds: independent groups of K rollouts of each prompt. Default: 1.")
  private @Nullable Integer repeats;

  @Option(
      names = "--until",
      paramLabel = "GOAL,…",
      description = {
        "More rounds until se=0.01 (largest error), stability=0.9@200 (Jaccard of the top 200);",
        "never beyond tokens=1e6 or minutes=30."
      })
  private @Nullable String until;

  @Option(
      names = "--quadrature",
      paramLabel = "RULE",
      description = {
        "adaptive, gauss-legendre, midpoint, trapezoid, left (EAP-IG's), uniform, stratified (drawn",
        "anew for every group) or eap (the clean end alone).",
        "Default: adaptive."
      })
  private @Nullable String quadrature;

  @Option(
      names = "--points",
      paramLabel = "N",
      description = "Gate values; for adaptive its budget, at least 15. Default: 75.")
  private @Nullable Integer points;

  @Option(
      names = "--allot",
      paramLabel = "KIND",
      description = {
        "Rollouts of a gate value: variance, in proportion to the spread that earlier rounds showed,",
        "or equal. Default: variance."
      })
  private @Nullable String allot;

  @Option(
      names = "--branch-top",
      paramLabel = "N",
      description = "Most probable tokens listed where a tree branches. Default: 2.")
  private @Nullable Integer branchTop;

  @Option(
      names = "--branch-rest",
      paramLabel = "N",
      description = "Tokens drawn from the others there. Default: 1.")
  private @Nullable Integer branchRest;

  @Option(
      names = "--branch-most",
      paramLabel = "N",
      description = "Branchings on one path. Default: 1.")
  private @Nullable Integer branchMost;

  @Option(
      names = "--backward",
      paramLabel = "KIND",
      description = {
        "recorded, from what sampling wrote down; recompute, from a second forward pass over a few",
        "rollouts at a time: slower, less memory; auto: the first where it fits. Default: auto."
      })
  private @Nullable String backward;

  @Option(
      names = "--bins",
      paramLabel = "KIND",
      description = {
        "Scores by position too: step, prompt-position, sentence, line, token-class,",
        "marker:REGEX (distance to a match in the sampled text) or none. Default: none."
      })
  private @Nullable String bins;

  @Spec(Spec.Target.MIXEE)
  @SuppressWarnings("NullAway.Init") // picocli sets it.
  private CommandSpec command;

  /** The flags given, by key. */
  Map<String, Object> flags() {
    return Flags.given(command, AttributionOptions.class);
  }
}
