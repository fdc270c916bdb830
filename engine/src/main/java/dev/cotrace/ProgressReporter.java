package dev.cotrace;

import dev.cotrace.attribution.JobResult;
import dev.cotrace.attribution.RunListener;
import dev.cotrace.circuit.Estimate;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CancellationException;

/** Turns the jobs of a run into {@link DiscoveryListener.Progress}, and stops it when asked to. */
class ProgressReporter implements RunListener {
  private final DiscoveryListener listener;
  private final SortedMap<String, Mean> means = new TreeMap<>();
  private String purpose = "";
  private long planned;
  private long done;
  private long tokens;

  ProgressReporter(DiscoveryListener listener) {
    this.listener = listener;
  }

  @Override
  public void planned(String newPurpose, int jobs) {
    stopIfAsked();
    purpose = newPurpose;
    planned = jobs;
    done = 0;
    tokens = 0;
    means.clear();
    report();
  }

  @Override
  public void skipped(int jobs) {
    done += jobs;
    if (jobs > 0) {
      report();
    }
  }

  @Override
  public void done(JobResult result) {
    done++;
    tokens += result.tokens();
    means.computeIfAbsent(label(result.job().alpha()), _ -> new Mean()).add(result.value());
    report();
    stopIfAsked();
  }

  /** Counts a job without its value: J of a reference is not J of the run. */
  @Override
  public void again(JobResult result) {
    done++;
    report();
    stopIfAsked();
  }

  @Override
  public void say(String line) {
    listener.say(line);
  }

  private void report() {
    SortedMap<String, Estimate> estimates = new TreeMap<>();
    means.forEach((name, mean) -> estimates.put(name, mean.estimate()));
    listener.progress(new DiscoveryListener.Progress(purpose, done, planned, tokens, estimates));
  }

  private void stopIfAsked() {
    if (listener.stopRequested()) {
      throw new CancellationException("stopped as asked");
    }
  }

  private static String label(double alpha) {
    if (Double.isNaN(alpha)) {
      return "J(C)";
    }
    return alpha == 0 ? "J(0)" : alpha == 1 ? "J(1)" : "mean J";
  }

  /** Mean and its standard error, by Welford's recurrence. */
  private static final class Mean {
    private long count;
    private double mean;
    private double squares;

    void add(double value) {
      count++;
      double off = value - mean;
      mean += off / count;
      squares += off * (value - mean);
    }

    Estimate estimate() {
      double error = count < 2 ? Double.NaN : Math.sqrt(squares / (count - 1) / count);
      return new Estimate(mean, error);
    }
  }
}
