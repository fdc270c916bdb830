package dev.cotrace;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.belongToAnyOf;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.GeneralCodingRules.ACCESS_STANDARD_STREAMS;
import static com.tngtech.archunit.library.GeneralCodingRules.THROW_GENERIC_EXCEPTIONS;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static java.util.Map.entry;

import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.lang.ArchRule;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Stream;

/**
 * The rules of docs/architecture.md that a machine can hold, for the packages under a root.
 *
 * @param root the package that holds the rooms, {@code dev.cotrace} or a planted tree
 */
record ArchitectureRules(String root) {
  /**
   * Which rooms each room may open; {@code ""} is the root package. Changed together with the
   * architecture page.
   */
  private static final Map<String, Set<String>> DOORS =
      Map.ofEntries(
          entry("format", Set.of()),
          entry("hub", Set.of("format")),
          entry("torch", Set.of()),
          entry("circuit", Set.of()),
          entry("model", Set.of("format", "torch")),
          entry("dictionary", Set.of("format", "torch")),
          entry("feature", Set.of("dictionary", "model", "torch")),
          entry("gate", Set.of("model", "circuit", "dictionary", "feature", "torch")),
          entry("rollout", Set.of("gate", "model", "torch")),
          entry("attribution", Set.of("rollout", "gate", "circuit", "torch")),
          entry("task", Set.of("rollout", "gate", "model", "format")),
          entry("report", Set.of("circuit", "format")),
          entry(
              "",
              Set.of(
                  "attribution",
                  "task",
                  "report",
                  "circuit",
                  "rollout",
                  "gate",
                  "feature",
                  "dictionary",
                  "model",
                  "hub",
                  "format",
                  "torch")),
          entry("bench", Set.of("", "attribution", "rollout", "gate", "model", "torch")),
          entry("truth", Set.of("", "attribution", "circuit", "rollout", "gate", "format")),
          entry("serve", Set.of("", "report", "circuit")),
          entry("cli", Set.of("", "bench", "truth", "serve", "report", "circuit", "hub")));

  /** The rooms that use libtorch's types. */
  private static final List<String> NATIVE =
      List.of("torch", "model", "dictionary", "feature", "gate", "rollout", "attribution");

  /** The native rooms whose callers must not need libtorch. */
  private static final List<String> WALL = List.of("rollout", "attribution");

  /** Every rule, one per door-keeping room and one per house rule; rooms may be missing. */
  List<ArchRule> all() {
    List<ArchRule> rules = new ArrayList<>();
    DOORS.forEach((room, open) -> rules.add(doors(room, open)));
    rules.add(everyClassIsInARoom());
    rules.add(slices().matching(root + ".(**)").should().beFreeOfCycles());
    rules.add(libtorchStaysBehindTheWall());
    rules.add(noTensorInSignatures());
    rules.add(NullMarkedPackages.rule(root));
    rules.add(
        noClasses()
            .that()
            .resideOutsideOfPackage(room("cli"))
            .should(ACCESS_STANDARD_STREAMS)
            .as("only cli prints"));
    rules.add(noClasses().should(THROW_GENERIC_EXCEPTIONS));
    rules.add(randomnessIsAnArgument());
    return rules.stream().map(rule -> rule.allowEmptyShould(true)).toList();
  }

  private ArchRule doors(String room, Set<String> open) {
    String[] shut =
        DOORS.keySet().stream()
            .filter(other -> !other.equals(room) && !open.contains(other))
            .map(this::room)
            .toArray(String[]::new);
    return noClasses()
        .that()
        .resideInAPackage(room(room))
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(shut)
        .as("%s opens only %s".formatted(room.isEmpty() ? "the root" : room, open));
  }

  private ArchRule everyClassIsInARoom() {
    String[] rooms = DOORS.keySet().stream().map(this::room).toArray(String[]::new);
    return classes()
        .should()
        .resideInAnyPackage(rooms)
        .as("every class is in a room of the architecture");
  }

  private ArchRule libtorchStaysBehindTheWall() {
    return noClasses()
        .that(resideInAPackage(root + "..").and(resideInAnyPackage(rooms(NATIVE)).negate()))
        .should()
        .dependOnClassesThat()
        .resideInAPackage("org.bytedeco..")
        .as("only %s use libtorch".formatted(NATIVE));
  }

  private ArchRule noTensorInSignatures() {
    return classes()
        .that()
        .resideInAnyPackage(rooms(WALL))
        .should(PublicSignatures.avoidPackage("org.bytedeco"))
        .as("no public signature of %s shows libtorch".formatted(WALL));
  }

  private ArchRule randomnessIsAnArgument() {
    return noClasses()
        .should()
        .dependOnClassesThat(
            belongToAnyOf(
                Random.class, SplittableRandom.class, ThreadLocalRandom.class, SecureRandom.class))
        .orShould()
        .accessTargetWhere(
            describe(
                "is Math.random",
                (JavaAccess<?> access) ->
                    access.getTargetOwner().isEquivalentTo(Math.class)
                        && access.getTarget().getName().equals("random")))
        .as("randomness is an argument");
  }

  private String[] rooms(List<String> names) {
    return names.stream().flatMap(name -> Stream.of(room(name))).toArray(String[]::new);
  }

  /** The package pattern of a room; the root is its own package only. */
  private String room(String name) {
    return name.isEmpty() ? root : root + "." + name + "..";
  }
}
