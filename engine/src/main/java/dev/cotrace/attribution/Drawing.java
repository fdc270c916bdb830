package dev.cotrace.attribution;

import dev.cotrace.circuit.Circuit;
import dev.cotrace.rollout.Sample;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.BitSet;
import java.util.HexFormat;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Where the rollouts of jobs come from. */
sealed interface Drawing {
  /** Drawn at each job's own gate. */
  Drawing OWN = new Sampled(null);

  /**
   * Drawn for the jobs.
   *
   * @param circuit its edges are clean and all others corrupted; null to draw each job at its own
   *     gate
   */
  record Sampled(@Nullable Circuit circuit) implements Drawing {
    @Override
    public String key() {
      return "sampled" + Drawing.key(circuit);
    }
  }

  /**
   * Drawn before.
   *
   * @param name of what is asked of them
   * @param samples of each job
   * @param circuit in which they are run; null to run each at its job's own gate
   */
  record Given(String name, Function<Job, Sample> samples, @Nullable Circuit circuit)
      implements Drawing {
    @Override
    public String key() {
      return name + Drawing.key(circuit);
    }
  }

  /**
   * Drawn for the jobs, each with a beginning that is given.
   *
   * @param prefix tokens that each job's rollouts begin with
   */
  record Continued(Function<Job, int[]> prefix) implements Drawing {
    @Override
    public String key() {
      return "continued";
    }
  }

  /** Tells what a job gives from what it gives in another drawing of the same run. */
  String key();

  private static String key(@Nullable Circuit circuit) {
    if (circuit == null) {
      return "";
    }
    BitSet members = new BitSet();
    for (int cell : circuit.cells()) {
      members.set(cell);
    }
    return " in " + HexFormat.of().formatHex(sha256().digest(members.toByteArray()));
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every JDK has SHA-256", e);
    }
  }
}
