package dev.cotrace;

import dev.cotrace.attribution.MemoryPlan;
import dev.cotrace.attribution.PlannedWork;
import dev.cotrace.attribution.Quadrature;
import dev.cotrace.attribution.RateProbe;
import dev.cotrace.attribution.RunShape;
import dev.cotrace.attribution.Settings;
import dev.cotrace.attribution.WorkRates;
import dev.cotrace.attribution.Workload;
import dev.cotrace.gate.Footprint;
import dev.cotrace.model.Architecture;
import dev.cotrace.model.Model;
import dev.cotrace.torch.ByteSize;
import dev.cotrace.torch.Placement;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * What a discovery would take on other machines, from rates that were measured.
 *
 * @param work the jobs
 * @param rates of one executor
 * @param executors that share the jobs
 * @param memory of an executor, should its rollouts use up their budget
 */
public record ScalePlan(PlannedWork work, WorkRates rates, int executors, MemoryPlan memory) {
  /**
   * Of a model and a task that are here.
   *
   * @param rates file of the rates of an executor; null to measure those of this process
   * @param seconds to measure each kind of jobs for
   */
  public static ScalePlan measured(
      DiscoverySpec spec,
      @Nullable Path rates,
      int executors,
      double seconds,
      DiscoveryListener listener)
      throws IOException {
    Discovery.check(spec);
    try (Experiment experiment = Experiment.open(spec, listener)) {
      RunPlan plan = Discovery.plan(experiment);
      Workload work = experiment.workload().with(plan.memory().layout());
      if (!spec.attribution().method().isGradient()) {
        throw new IllegalArgumentException(
            "a plan is for methods that take gradients, not for --method "
                + spec.attribution().method().label());
      }
      listener.say("measuring jobs of this run for about %.0f s".formatted(3 * seconds));
      RateProbe probe = RateProbe.of(work, seconds);
      return new ScalePlan(
          PlannedWork.of(work, probe.tokens()),
          rates == null ? probe.rates() : RatesFile.read(rates),
          executors,
          plan.memory());
    }
  }

  /**
   * Of a model of which only the configuration is here, whose rollouts use up their budget. Its
   * work is laid out as asked, or so that it fits into a {@link DiscoverySpec#memory} in bytes.
   *
   * @param pairs number of prompt pairs
   * @param prompt tokens of a prompt
   */
  public static ScalePlan imagined(
      DiscoverySpec spec, Path rates, int executors, int pairs, int prompt) throws IOException {
    Architecture architecture = Model.architectureAt(ModelSource.find(spec.model()).path());
    Placement placement = new Placement(spec.dtype(), spec.device());
    Footprint footprint = Footprint.of(architecture, placement);
    Settings settings = spec.attribution();
    long units = (long) pairs * settings.repeats();
    int budget = spec.sampling().maxNewTokens();
    if ((long) prompt + budget > architecture.maxPositions()) {
      throw new IllegalArgumentException(
          "a prompt of %d tokens and a budget of %d need more than the %d positions that the model has: lower --prompt-tokens or --max-new-tokens"
              .formatted(prompt, budget, architecture.maxPositions()));
    }
    boolean readsClean = spec.objective().readsClean();
    PlannedWork work =
        new PlannedWork(
            footprint,
            units,
            settings.quadrature() == Quadrature.ADAPTIVE
                ? Quadrature.ADAPTIVE.fewestPoints()
                : settings.points(),
            settings.points(),
            settings.rollouts(),
            prompt,
            budget,
            1,
            readsClean ? 3 : 2);
    RunShape shape =
        RunShape.planned(
            settings, pairs, prompt, budget, readsClean, work.gradients(settings.points()));
    MemoryPlan memory =
        MemoryPlan.of(
            footprint,
            shape,
            settings,
            MemoryPlan.Purpose.DISCOVERY,
            spec.memory().size().orElse(Long.MAX_VALUE));
    return new ScalePlan(work, RatesFile.read(rates), executors, memory);
  }

  /** Keeps the rates. */
  public void saveRates(Path file) throws IOException {
    RatesFile.write(file, rates);
  }

  /** Hours that all executors together need, with as many gate values as {@code points}. */
  public double hours(long points) {
    return rates.seconds(work, points, executors) / 3600;
  }

  /** Floating-point operations in all, with as many gate values as {@code points}. */
  public double flops(long points) {
    return work.ends() * work.endFlops()
        + work.circuits() * work.circuitFlops()
        + work.gradients(points) * work.gradientFlops();
  }

  /** The plan as a table. */
  public List<String> lines() {
    long few = work.fewestPoints();
    long most = work.mostPoints();
    List<String> lines = new ArrayList<>();
    lines.add(entry("pairs × rounds", "%,d", work.units(), work.units()));
    lines.add(entry("gate values", "%,d", few, most));
    lines.add(entry("jobs with a gradient", "%,d", work.gradients(few), work.gradients(most)));
    lines.add(
        entry("jobs without", "%,d", work.ends() + work.circuits(), work.ends() + work.circuits()));
    lines.add(entry("tokens of a rollout", "%.1f", work.tokens(), work.tokens()));
    lines.add(entry("sampled tokens", "%.3g", work.sampled(few), work.sampled(most)));
    lines.add(entry("operations (FLOP)", "%.3g", flops(few), flops(most)));
    lines.add(
        "  %-22s %s; %s"
            .formatted(
                "memory of an executor",
                ByteSize.text(memory.prediction().total()),
                RunPlan.words(memory.layout())));
    lines.add(
        "  %-22s %.3g GFLOP/s at J(0) and J(1), %.3g in circuits, %.3g of gradients"
            .formatted(
                "rates of an executor",
                rates.ends() / 1e9,
                rates.circuits() / 1e9,
                rates.gradients() / 1e9));
    lines.add(entry("hours on " + executors, "%.3g", hours(few), hours(most)));
    return lines;
  }

  private static String entry(String name, String format, Number few, Number most) {
    String one = String.format(Locale.ROOT, format, few);
    String other = String.format(Locale.ROOT, format, most);
    return "  %-22s %s".formatted(name, one.equals(other) ? one : one + " to " + other);
  }

  /** The plan as JSON, in one line. */
  public String json() {
    ObjectNode json = new JsonMapper().createObjectNode();
    json.put("units", work.units());
    range(json, "points", (double) work.fewestPoints(), (double) work.mostPoints());
    json.put("tokens_of_a_rollout", work.tokens());
    range(
        json, "sampled_tokens", work.sampled(work.fewestPoints()), work.sampled(work.mostPoints()));
    range(json, "flops", flops(work.fewestPoints()), flops(work.mostPoints()));
    json.put("bytes", memory.prediction().total());
    json.put("batch_rows", memory.layout().batchRows()).put("threads", memory.layout().threads());
    json.put("backward", SpecLabels.label(memory.layout().backward()));
    json.set("rates", RatesFile.json(rates));
    json.put("executors", executors);
    range(json, "hours", hours(work.fewestPoints()), hours(work.mostPoints()));
    return json.toString();
  }

  private static void range(ObjectNode json, String name, double few, double most) {
    json.putObject(name).put("least", few).put("most", most);
  }
}
