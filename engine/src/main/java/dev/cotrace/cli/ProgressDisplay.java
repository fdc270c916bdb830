package dev.cotrace.cli;

import dev.cotrace.DiscoveryListener;
import dev.cotrace.RunDirectory;
import dev.cotrace.circuit.Estimate;
import java.io.Console;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.SortedMap;
import java.util.stream.Collectors;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.jspecify.annotations.Nullable;

/** Shows how a run goes: a bar on a terminal, else a line every few seconds. */
final class ProgressDisplay implements DiscoveryListener {
  private static final long NANOS_BETWEEN_LINES = 5_000_000_000L;

  private final PrintWriter err;
  private final Interruption interruption;
  private final boolean terminal;
  private @Nullable ProgressBar bar;
  private long started;
  private long lastLine;

  ProgressDisplay(PrintWriter err, Interruption interruption) {
    this.err = err;
    this.interruption = interruption;
    terminal = onTerminal();
  }

  /** Whether somebody watches, so that a line may be written over. */
  @SuppressWarnings("SystemConsoleNull") // It is null again from JDK 25 on when redirected.
  static boolean onTerminal() {
    Console console = System.console();
    return console != null && console.isTerminal();
  }

  @Override
  public void say(String line) {
    endBar();
    err.println(line);
  }

  @Override
  public void writingTo(RunDirectory directory) {
    interruption.writingTo(directory);
  }

  @Override
  public boolean stopRequested() {
    boolean stop = interruption.requested();
    if (stop) {
      endBar();
    }
    return stop;
  }

  @Override
  public void progress(Progress progress) {
    long now = System.nanoTime();
    if (progress.done() == 0) {
      endBar();
      started = now;
      lastLine = now;
      return;
    }
    double seconds = (now - started) / 1e9;
    if (terminal) {
      showBar(progress, seconds);
    } else if (progress.done() == progress.planned() || now - lastLine > NANOS_BETWEEN_LINES) {
      lastLine = now;
      err.println(line(progress, seconds));
    }
    if (progress.done() == progress.planned()) {
      endBar();
    }
  }

  private void showBar(Progress progress, double seconds) {
    if (bar == null) {
      bar =
          new ProgressBarBuilder()
              .setTaskName(progress.purpose())
              .setInitialMax(progress.planned())
              .setStyle(ProgressBarStyle.ASCII)
              .setUpdateIntervalMillis(250)
              .setConsumer(new ConsoleProgressBarConsumer(System.err))
              .build();
    }
    bar.setExtraMessage(estimates(progress.estimates()) + rate(progress, seconds));
    bar.stepTo(progress.done());
  }

  private void endBar() {
    if (bar != null) {
      bar.close();
      bar = null;
    }
  }

  private static String line(Progress progress, double seconds) {
    double left = seconds / progress.done() * (progress.planned() - progress.done());
    return String.format(
        Locale.ROOT,
        "%s: %d of %d, %s%s%s",
        progress.purpose(),
        progress.done(),
        progress.planned(),
        estimates(progress.estimates()),
        rate(progress, seconds),
        progress.done() < progress.planned()
            ? String.format(Locale.ROOT, ", %.0f s left", left)
            : "");
  }

  private static String rate(Progress progress, double seconds) {
    return progress.tokens() == 0 || seconds <= 0
        ? String.format(Locale.ROOT, "%.1f s", seconds)
        : String.format(Locale.ROOT, "%,.0f tokens/s", progress.tokens() / seconds);
  }

  private static String estimates(SortedMap<String, Estimate> estimates) {
    return estimates.entrySet().stream()
        .map(entry -> entry.getKey() + " = " + Numbers.text(entry.getValue()) + ", ")
        .collect(Collectors.joining());
  }
}
