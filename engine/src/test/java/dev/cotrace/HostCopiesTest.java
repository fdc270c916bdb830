package dev.cotrace;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaMethodCall;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/**
 * On a device, every copy back to the host waits for all work there: what decodes and goes back
 * makes none but those it cannot do without.
 */
final class HostCopiesTest {
  /** Methods of {@code Placement} and of libtorch's tensors that read values. */
  private static final Set<String> READING =
      Set.of(
          "toDoubles",
          "item",
          "cpu",
          "data_ptr",
          "data_ptr_double",
          "createBuffer",
          "createIndexer");

  /** Once for every token: which one was drawn, from finite logits. */
  private static final Set<String> EVERY_STEP = Set.of("Draw.readBack");

  /** Where trees or sets of rollouts look at whole distributions, in Java. */
  private static final Set<String> DISTRIBUTIONS = Set.of("NextTokens.probabilities");

  /** Once for a batch, a pass or a tile. */
  private static final Set<String> RESULTS =
      Set.of(
          "Contraction.toArrays",
          "Contraction$Tile.add",
          "GateGradient.of",
          "MaskedRun.gradient",
          "OutputDistances.of",
          "Readout.copy",
          "VerdictLogOdds.batch");

  /** Once for a model or a command. */
  private static final Set<String> ONCE =
      Set.of(
          "Decoder.<init>",
          "Decoder.embeddingDeviation",
          "FileParameterSource.requireFinite",
          "GatedModel.zero",
          "MeanOutputs.means",
          "MeanOutputs.ofUnits",
          "PlainRun.rows",
          "UnitSums.rows");

  @Test
  void tensorsComeBackToTheHostInTheseMethodsOnly() {
    Set<String> expected = new TreeSet<>();
    Set.of(EVERY_STEP, DISTRIBUTIONS, RESULTS, ONCE).forEach(expected::addAll);
    assertThat(reading("dev.cotrace.model", "dev.cotrace.gate", "dev.cotrace.rollout"))
        .containsExactlyElementsOf(expected);
  }

  @Test
  void attributionsReadNoTensors() {
    assertThat(reading("dev.cotrace.attribution")).isEmpty();
  }

  private static Set<String> reading(String... rooms) {
    Set<String> methods = new TreeSet<>();
    for (JavaClass type :
        new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages(rooms)) {
      for (JavaMethodCall call : type.getMethodCallsFromSelf()) {
        String owner = call.getTargetOwner().getName();
        boolean tensor =
            owner.startsWith("org.bytedeco.pytorch.Tensor")
                || owner.equals("dev.cotrace.torch.Placement");
        if (tensor && READING.contains(call.getName())) {
          String name = type.getName();
          methods.add(name.substring(name.lastIndexOf('.') + 1) + "." + call.getOrigin().getName());
        }
      }
    }
    return methods;
  }
}
