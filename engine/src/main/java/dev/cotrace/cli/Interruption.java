package dev.cotrace.cli;

import dev.cotrace.RunDirectory;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Ctrl-C, and other signals that end a process: the first asks the work to stop at a safe point and
 * waits for it, the second ends the process at once.
 *
 * <p>libtorch crashes when the process runs its exit handlers while a native call goes on. So when
 * the work takes longer than we wait, and at a second signal, the process ends without them.
 */
final class Interruption {
  /** How long the work may take to reach a safe point. */
  private static final long SECONDS = 4;

  /** Shells count so: 128 and the number of the signal. */
  private static final int SIGNALLED = 128;

  private static final int SIGINT = 2;

  private final CountDownLatch over = new CountDownLatch(1);
  private final Thread worker = Thread.currentThread();
  private final AtomicInteger signal = new AtomicInteger();
  private volatile boolean requested;
  private volatile @Nullable RunDirectory writing;
  private volatile String left = "nothing was written";

  /** For work on the calling thread. */
  Interruption() {}

  /** From now on, signals are heard. */
  void listen() {
    Signals.hear(List.of("INT", "TERM", "HUP"), this::hear);
  }

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

  /** The work has ended with an exit code; says what is left if it was stopped before its end. */
  void workIsOver(int code) {
    if (signal.get() != 0 && code != 0) {
      say();
    }
    over.countDown();
  }

  /** The exit code of a process that was stopped. */
  int exitCode() {
    return SIGNALLED + (signal.get() == 0 ? SIGINT : signal.get());
  }

  private void hear(int number) {
    if (!signal.compareAndSet(0, number)) {
      exitAtOnce(SIGNALLED + number);
    }
    request();
    worker.interrupt();
    boolean safe = false;
    try {
      safe = over.await(SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
    if (!safe) {
      say();
      exitAtOnce(exitCode());
    }
  }

  private void say() {
    System.err.println(report());
    System.err.flush();
  }

  /** What an early end leaves on disk, in a sentence. */
  String report() {
    RunDirectory directory = writing;
    if (directory == null || !Files.exists(directory.incomplete())) {
      return "cotrace: stopped; " + left;
    }
    return directory.files().contains("checkpoint")
        ? "cotrace: stopped; go on with cotrace discover --resume " + directory.path()
        : "cotrace: stopped; the rollouts so far are in %s (%s)"
            .formatted(directory.incomplete(), String.join(", ", directory.files()));
  }

  /** Ends the process without exit handlers, which neither System.exit nor Runtime.halt avoids. */
  private static void exitAtOnce(int code) {
    try {
      Linker linker = Linker.nativeLinker();
      MethodHandle exit =
          linker.downcallHandle(
              linker.defaultLookup().findOrThrow("_exit"),
              FunctionDescriptor.ofVoid(ValueLayout.JAVA_INT));
      exit.invokeExact(code);
    } catch (Throwable e) {
      Runtime.getRuntime().halt(code);
    }
  }
}
