package dev.cotrace;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Holds the main code to {@link ArchitectureRules}, and the rules to violations planted under
 * dev.cotrace.planted.
 */
class ArchitectureTest {
  private static final String ROOT = "dev.cotrace";
  private static final String PLANTED = "dev.cotrace.planted";

  private static final JavaClasses MAIN =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages(ROOT);
  private static final JavaClasses VIOLATIONS = new ClassFileImporter().importPackages(PLANTED);

  @ParameterizedTest
  @MethodSource
  void mainCodeKeeps(ArchRule rule) {
    rule.check(MAIN);
  }

  static List<ArchRule> mainCodeKeeps() {
    return new ArchitectureRules(ROOT).all();
  }

  @Test
  void theRulesSawTheMainCodeAndNothingPlanted() {
    assertThat(MAIN.contain("dev.cotrace.model.Decoder")).isTrue();
    assertThat(MAIN)
        .hasSizeGreaterThan(30)
        .noneMatch(type -> type.getPackageName().startsWith(PLANTED));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          format opens only []                          | OpensModel
          every class is in a room of the architecture  | NotARoom
          be free of cycles                             | OpensModel
          use libtorch                                  | SeesTensors
          no public signature of                        | ShowsTensors shows
          no public signature of                        | ShowsTensorsInGenerics shows
          be @NullMarked                                | planted.gate is not
          only cli prints                               | Chatters
          throw generic exceptions                      | Chatters
          randomness is an argument                     | Chatters
          """)
  void aPlantedViolationIsFound(String rule, String violation) {
    assertThat(reportsOf(rule)).contains(violation);
  }

  /** Together with the list above: a rule added without a planted violation fails here. */
  @Test
  void everyHouseRuleFailsOnThePlantedTree() {
    Stream<ArchRule> silent =
        new ArchitectureRules(PLANTED)
            .all().stream()
                .filter(rule -> !rule.getDescription().contains(" opens only "))
                .filter(rule -> !rule.evaluate(VIOLATIONS).hasViolation());

    assertThat(silent).isEmpty();
  }

  private static String reportsOf(String rule) {
    return new ArchitectureRules(PLANTED)
        .all().stream()
            .filter(each -> each.getDescription().contains(rule))
            .map(each -> each.evaluate(VIOLATIONS).getFailureReport().toString())
            .collect(Collectors.joining("\n"));
  }
}
