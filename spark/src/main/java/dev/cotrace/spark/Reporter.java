package dev.cotrace.spark;

import dev.cotrace.DiscoveryListener;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Tells on standard error how a run goes, and stops it when the process is told to end. */
final class Reporter implements DiscoveryListener {
  private static final long MILLIS = 5000;
  private static final long PATIENCE_SECONDS = 4;

  private final CountDownLatch over = new CountDownLatch(1);
  private volatile boolean stopping;
  private long told;

  @Override
  public void say(String line) {
    System.err.println(line);
  }

  @Override
  public void progress(Progress progress) {
    long now = System.currentTimeMillis();
    if (now - told >= MILLIS || progress.done() == progress.planned()) {
      told = now;
      System.err.printf("%s: %d of %d%n", progress.purpose(), progress.done(), progress.planned());
    }
  }

  @Override
  public boolean stopRequested() {
    return stopping;
  }

  /** The work has ended. */
  void over() {
    over.countDown();
  }

  /** As the JVM shuts down: asks the work to stop, and waits for it. */
  void stopAndWait() {
    if (over.getCount() == 0) {
      return;
    }
    stopping = true;
    try {
      over.await(PATIENCE_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }
}
