package dev.cotrace;

import dev.cotrace.attribution.Checkpoint;
import dev.cotrace.attribution.LocalRunner;
import dev.cotrace.attribution.RunListener;
import dev.cotrace.attribution.Runner;
import dev.cotrace.attribution.Workload;

/** Who works on the jobs of a run. */
public interface Runners {
  /** This process. */
  Runners LOCAL = (listener, checkpoint, run) -> new LocalRunner(listener, checkpoint);

  /**
   * Who works on the jobs of {@code run}.
   *
   * @param checkpoint what need not be done again, and where to keep what is done
   */
  Runner of(RunListener listener, Checkpoint checkpoint, Workload run);
}
