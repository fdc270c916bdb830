package dev.cotrace.cli;

import dev.cotrace.RunDirectory;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Ctrl-C, and other signals that end the JVM: asks the work to stop at a safe point and waits for
 * it.
 *
 * <p>libtorch crashes when the process runs its exit handlers while a native call goes on. So when
 * the work takes longer than we wait, the process ends without them.
 */
final class Interruption {
  /** How long the work may take to reach a safe point. */
  private static final long SECONDS = 8;

  /** Exit code of a process that SIGINT ended, as shells count. */
  static final int EXIT_CODE = 130;

  private final CountDownLatch over = new CountDownLatch(1);
  private final Thread worker = Thread.currentThread();
  private volatile boolean requested;
  private volatile @Nullable RunDirectory writing;
  private volatile String left = "nothing was written";

  /** For work on the calling thread. */
  Interruption() {}

  /** Whether the work is asked to stop. */
  boolean requested() {
    return requested;
  }

  /** Asks the work to stop. */
  void request() {
    requested = true;
  }

  /** Where the work leaves files. */
  void writingTo(RunDirectory directory) {
    writing = directory;
  }

  /** What an early end would leave, in a sentence. */
  void leaving(String sentence) {
    left = sentence;
  }

  /** The work has ended, one way or the other. */
  void workIsOver() {
    over.countDown();
  }

  /** Runs as the JVM shuts down. */
  void endSafely() {
    if (over.getCount() == 0) {
      return;
    }
    request();
    worker.interrupt();
    boolean safe = false;
    try {
      safe = over.await(SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    System.err.println(report());
    System.err.flush();
    if (!safe) {
      exitAtOnce();
    }
  }

  /** What an early end leaves on disk, in a sentence. */
  String report() {
    RunDirectory directory = writing;
    if (directory == null || !Files.exists(directory.incomplete())) {
      return "cotrace: stopped; " + left;
    }
    return "cotrace: stopped; the rollouts so far are in %s (%s)"
        .formatted(directory.incomplete(), String.join(", ", directory.files()));
  }

  /** Ends the process without exit handlers, which neither System.exit nor Runtime.halt avoids. */
  private static void exitAtOnce() {
    try {
      Linker linker = Linker.nativeLinker();
      MethodHandle exit =
          linker.downcallHandle(
              linker.defaultLookup().findOrThrow("_exit"),
              FunctionDescriptor.ofVoid(ValueLayout.JAVA_INT));
      exit.invokeExact(EXIT_CODE);
    } catch (Throwable e) {
      Runtime.getRuntime().halt(EXIT_CODE);
    }
  }
}
