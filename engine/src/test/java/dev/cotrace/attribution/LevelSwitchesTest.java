package dev.cotrace.attribution;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;

import dev.cotrace.circuit.Attribution;
import dev.cotrace.circuit.Circuit;
import dev.cotrace.circuit.ErrorUnits;
import dev.cotrace.circuit.Level;
import dev.cotrace.circuit.LevelShares;
import dev.cotrace.circuit.Method;
import dev.cotrace.circuit.Pieces;
import dev.cotrace.gate.GatedModel;
import dev.cotrace.model.TinyModel;
import dev.cotrace.rollout.Objective;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What interventions switch off does not depend on what circuits are chosen among. */
class LevelSwitchesTest {
  private static final String FEATURES =
      "topk blocks.0.hook_mlp_out + transcoder blocks.1.mlp.hook_in blocks.1.hook_mlp_out";

  @TempDir private Path folder;

  private static Workload work(GatedModel model) {
    return new Workload(
        model,
        Tiny.task(2, Tiny.PAIRS),
        Objective.parse("answer-logprob"),
        LevelLawsTest.exactly(Method.EXACT));
  }

  private static Evaluation ends(Workload work) {
    return new Evaluation(work, RunListener.SILENT, /* keeps= */ true);
  }

  /** Of features and nodes; errors are not asked about unless they are chosen among. */
  @ParameterizedTest
  @EnumSource(ErrorUnits.class)
  void effectsOfFeaturesAreThoseInTheWholeModel(ErrorUnits errors) throws IOException {
    try (TinyModel model = TinyModel.of("llama", 9, 2, 4);
        TinyUnits units = TinyUnits.of(model, FEATURES, folder, errors);
        TinyUnits free = TinyUnits.of(model, FEATURES, folder)) {
      Workload work = work(units.model());
      Evaluation ends = ends(work);
      Attribution effects = new ExactEffects(work, ends).attribute();
      Workload freely = work(free.model());
      Evaluation freeEnds = ends(freely);
      EdgeSwitches switches = new EdgeSwitches(work, ends, RunListener.SILENT);
      for (int cell : units.pieces().unitCells()) {
        double without = freeEnds.of(Circuit.full(free.pieces()).without(cell)).circuit().value();
        double effect = ends.clean().value() - without;
        assertThat(effects.total().values()[cell])
            .as(free.pieces().name(cell))
            .isCloseTo(effect, offset(1e-12));
        assertThat(switches.of(cell).total().value()).isCloseTo(effect, offset(1e-12));
      }
    }
  }

  /** Of an exact run every sum is exact. */
  @Test
  void sumsOfExactScoresHaveNoErrors() throws IOException {
    try (TinyModel model = TinyModel.of("llama", 9, 2, 4);
        TinyUnits units = TinyUnits.of(model, FEATURES, folder)) {
      Workload work =
          new Workload(
              units.model(),
              Tiny.task(2, Tiny.PAIRS.subList(0, 1)),
              Objective.parse("answer-logprob"),
              LevelLawsTest.exactly(Method.IG_GATES));
      Attribution exact = new IntegratedGradient(work, RunListener.SILENT).attribute();
      LevelShares shares = LevelShares.of(exact).orElseThrow();
      assertThat(shares.own().standardError()).isZero();
      assertThat(shares.others().orElseThrow().standardError()).isZero();
    }
  }

  /** All else is clean in a circuit of MLPs, but not in the run that measures start from. */
  @Test
  void fixedTokensStartWhereAllIsCorrupted() {
    try (TinyModel model = TinyModel.of("llama", 9, 2, 4)) {
      GatedModel gated = GatedModel.of(model.decoder());
      Workload few = work(gated.at(Level.MLP));
      Workload all = work(gated.at(Level.NODE));
      Pieces pieces = (Pieces) few.model().units();
      Circuit circuit = new Circuit(pieces, new boolean[pieces.cells()]);
      Circuit same = new Circuit(all.model().units(), circuit.members());
      double actual = forced(few, circuit);
      assertThat(actual).isCloseTo(forced(all, same), offset(1e-12));
      assertThat(Math.abs(actual)).isGreaterThan(1e-3);
    }
  }

  private static double forced(Workload work, Circuit circuit) {
    return new CircuitEvaluation(work, ends(work), RunListener.SILENT)
        .of(circuit)
        .teacherForced()
        .orElseThrow()
        .faithfulness()
        .faithfulness()
        .value();
  }
}
