package dev.cotrace;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.all;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaPackage;
import com.tngtech.archunit.lang.AbstractClassesTransformer;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import java.util.stream.Collectors;
import org.jspecify.annotations.NullMarked;

/** Every package says that its types are non-null unless they say otherwise. */
final class NullMarkedPackages {
  private NullMarkedPackages() {}

  /**
   * Holds when every package at or under {@code root} with a class in it is {@code @NullMarked}.
   */
  static ArchRule rule(String root) {
    return all(packagesUnder(root)).should(beNullMarked());
  }

  private static AbstractClassesTransformer<JavaPackage> packagesUnder(String root) {
    return new AbstractClassesTransformer<>("packages under " + root) {
      @Override
      public Iterable<JavaPackage> doTransform(JavaClasses classes) {
        return classes.stream().map(JavaClass::getPackage).collect(Collectors.toSet());
      }
    };
  }

  private static ArchCondition<JavaPackage> beNullMarked() {
    return new ArchCondition<>("be @NullMarked in a package-info.java") {
      @Override
      public void check(JavaPackage item, ConditionEvents events) {
        boolean marked = item.isAnnotatedWith(NullMarked.class);
        events.add(
            new SimpleConditionEvent(
                item, marked, item.getName() + (marked ? " is" : " is not") + " @NullMarked"));
      }
    };
  }
}
