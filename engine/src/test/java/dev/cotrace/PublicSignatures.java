package dev.cotrace;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaCodeUnit;
import com.tngtech.archunit.core.domain.JavaField;
import com.tngtech.archunit.core.domain.JavaMember;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.domain.JavaType;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import java.util.stream.Stream;

/**
 * What a caller outside the package can name: members that are public or protected, of classes that
 * are public.
 */
final class PublicSignatures {
  private PublicSignatures() {}

  /** Holds for a class none of whose public signatures involves a type of {@code name} or below. */
  static ArchCondition<JavaClass> avoidPackage(String name) {
    return new ArchCondition<>("have no public signature with types of " + name) {
      @Override
      public void check(JavaClass type, ConditionEvents events) {
        if (!isVisible(type)) {
          return;
        }
        Stream.concat(
                supertypes(type),
                type.getMembers().stream()
                    .filter(PublicSignatures::isVisible)
                    .flatMap(PublicSignatures::types))
            .flatMap(mentioned -> mentioned.getAllInvolvedRawTypes().stream())
            .filter(mentioned -> mentioned.getBaseComponentType().getPackageName().startsWith(name))
            .forEach(mentioned ->
                events.add(
                    SimpleConditionEvent.violated(
                        type,
                        "%s shows %s to its callers"
                            .formatted(type.getName(), mentioned.getName()))));
      }
    };
  }

  private static Stream<JavaType> supertypes(JavaClass type) {
    return Stream.concat(type.getSuperclass().stream(), type.getInterfaces().stream());
  }

  private static Stream<JavaType> types(JavaMember member) {
    return switch (member) {
      case JavaCodeUnit unit ->
          Stream.concat(Stream.of(unit.getReturnType()), unit.getParameterTypes().stream());
      case JavaField field -> Stream.of(field.getType());
      default -> throw new IllegalArgumentException("neither a field nor code: " + member);
    };
  }

  private static boolean isVisible(JavaClass type) {
    return type.getModifiers().contains(JavaModifier.PUBLIC)
        && type.getEnclosingClass().map(PublicSignatures::isVisible).orElse(true);
  }

  private static boolean isVisible(JavaMember member) {
    return member.getModifiers().contains(JavaModifier.PUBLIC)
        || member.getModifiers().contains(JavaModifier.PROTECTED);
  }
}
