package dev.cotrace.format;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.SplittableRandom;

/**
 * Runs a reader on many damaged files: each ends in a valid reading or in the typed error, and
 * takes little memory.
 */
public final class Damage {
  /** Far above what a reading of these small files takes, far below what a lie could ask for. */
  private static final long MOST_BYTES = 64L << 20;

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  /**
   * How many times longer than in {@code ./check} all fuzzing goes on: {@code -Dcotrace.fuzz=N}.
   */
  private static final int LONGER = Integer.getInteger("cotrace.fuzz", 1);

  private Damage() {}

  /** How often to do what {@code ./check} does so often. */
  public static int times(int usual) {
    return Math.multiplyExact(usual, LONGER);
  }

  /** Damages a file and reads it. */
  @FunctionalInterface
  public interface Reading {
    void read(SplittableRandom random) throws IOException;
  }

  /**
   * Repeats {@code reading}; fails on any error but the typed one.
   *
   * @param usual how often in {@code ./check}
   * @param file what the typed error has to name
   */
  public static void survive(long seed, int usual, String file, Reading reading) {
    int times = times(usual);
    SplittableRandom random = new SplittableRandom(seed);
    int refused = 0;
    for (int i = 0; i < times; i++) {
      long before = THREADS.getCurrentThreadAllocatedBytes();
      try {
        reading.read(random);
      } catch (MalformedModelException expected) {
        assertThat(expected).hasMessageContaining(file);
        assertThat(expected.offset()).isNotNegative();
        assertThat(String.valueOf(expected.getMessage()).length()).isLessThan(2000);
        refused++;
      } catch (Throwable e) {
        throw new AssertionError("seed %d, reading %d".formatted(seed, i), e);
      }
      assertThat(THREADS.getCurrentThreadAllocatedBytes() - before)
          .as("bytes allocated, seed %d, reading %d", seed, i)
          .isLessThan(MOST_BYTES);
    }
    // Else the damage would only test one of the two ends.
    assertThat(refused).as("refused").isBetween(times / 50, times - times / 50);
  }
}
