package dev.cotrace;

import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.PropertyNamingStrategies;
import tools.jackson.databind.json.JsonMapper;

/**
 * What a doctor found out about a model, in the order to tell it.
 *
 * @param findings the facts
 */
public record Checkup(List<Finding> findings) {
  private static final JsonMapper JSON =
      JsonMapper.builder().propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE).build();

  /** How good a finding is. */
  public enum Verdict {
    /** A fact, or a check that passed. */
    FINE,
    /** Something to know: results may not be what one expects. */
    CARE,
    /** Something is wrong. */
    WRONG
  }

  /**
   * One fact.
   *
   * @param topic what it is about
   * @param text the fact
   * @param cure what to do about it; empty when nothing has to be done
   */
  public record Finding(String topic, Verdict verdict, String text, String cure) {}

  public Checkup {
    findings = List.copyOf(findings);
  }

  /** Whether something is wrong. */
  public boolean isAnythingWrong() {
    return findings.stream().anyMatch(finding -> finding.verdict == Verdict.WRONG);
  }

  /** What there is to do. */
  public List<Finding> cures() {
    return findings.stream().filter(finding -> !finding.cure.isEmpty()).toList();
  }

  /** This as JSON, in one line. */
  public String json() {
    return JSON.writeValueAsString(this);
  }

  /** Findings as they come up. */
  static final class Notes {
    private final List<Finding> findings = new ArrayList<>();

    void fine(String topic, String text) {
      findings.add(new Finding(topic, Verdict.FINE, text, ""));
    }

    void care(String topic, String cure, String text) {
      findings.add(new Finding(topic, Verdict.CARE, text, cure));
    }

    void wrong(String topic, String cure, String text) {
      findings.add(new Finding(topic, Verdict.WRONG, text, cure));
    }

    Checkup checkup() {
      return new Checkup(findings);
    }
  }
}
