package dev.cotrace.cli;

import dev.cotrace.TerminalText;
import dev.cotrace.hub.Pull;
import dev.cotrace.hub.PullListener;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.Locale;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.jspecify.annotations.Nullable;

/** Shows how a pull goes: a bar for each file on a terminal, else a line every few seconds. */
final class PullDisplay implements PullListener {
  private static final long NANOS_BETWEEN_LINES = 5_000_000_000L;

  private final PrintWriter err;
  private final Interruption interruption;
  private final boolean terminal = ProgressDisplay.onTerminal();
  private @Nullable ProgressBar bar;
  private String file = "";
  private long began;
  private long started;
  private long lastLine;

  PullDisplay(PrintWriter err, Interruption interruption) {
    this.err = err;
    this.interruption = interruption;
  }

  @Override
  public void say(String line) {
    endBar();
    err.println(line);
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
  public void progress(String name, long done, long size) {
    long now = System.nanoTime();
    if (!name.equals(file)) {
      endBar();
      file = name;
      began = done;
      started = now;
      lastLine = now;
    }
    if (terminal) {
      showBar(done, size);
    } else if (done == size || now - lastLine > NANOS_BETWEEN_LINES) {
      lastLine = now;
      err.println(line(done, size, (now - started) / 1e9));
    }
    if (done == size) {
      endBar();
    }
  }

  private void showBar(long done, long size) {
    if (bar == null) {
      bar =
          new ProgressBarBuilder()
              .setTaskName(TerminalText.line(file))
              .setInitialMax(size)
              .setUnit(" MB", 1_000_000)
              .showSpeed()
              .startsFrom(done, Duration.ZERO)
              .setStyle(ProgressBarStyle.ASCII)
              .setUpdateIntervalMillis(250)
              .setConsumer(new ConsoleProgressBarConsumer(System.err))
              .build();
    }
    bar.stepTo(done);
  }

  private void endBar() {
    if (bar != null) {
      bar.close();
      bar = null;
    }
  }

  private String line(long done, long size, double seconds) {
    double rate = seconds > 0 ? (done - began) / seconds : 0;
    String left =
        done < size && rate > 0
            ? String.format(Locale.ROOT, ", %.0f s left", (size - done) / rate)
            : "";
    return "%s: %s of %s, %s/s%s"
        .formatted(file, Pull.size(done), Pull.size(size), Pull.size((long) rate), left);
  }
}
