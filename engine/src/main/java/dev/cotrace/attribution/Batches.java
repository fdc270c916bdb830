package dev.cotrace.attribution;

import java.util.ArrayList;
import java.util.List;

/** Which jobs are worked on together. */
final class Batches {
  /** Fewer rows than these read the weights for too little. */
  private static final int FEW_ROWS = 4;

  private Batches() {}

  /**
   * Jobs that are worked on together: as many as fill the rows of a batch, at least one. Where
   * rollouts end early there are more, whose rollouts take the place of those that have ended, as
   * long as every thread has some. Batches are about as large as each other, so that none is left
   * over for one thread while the others wait.
   */
  static List<List<Job>> of(Workload work, List<Job> jobs) {
    long all = jobs.stream().mapToLong(work::rows).sum();
    long most = mostTogether(work, all);
    int threads = work.layout().threads();
    long count = Math.ceilDiv(all, most);
    if (count > 1 || all >= (long) threads * FEW_ROWS) {
      count = threads * Math.ceilDiv(count, threads);
    }
    List<List<Job>> batches = new ArrayList<>();
    long before = 0; // rows of the jobs so far
    long begun = 0; // the same where the batch begins
    int first = 0;
    for (int i = 0; i < jobs.size(); i++) {
      long rows = work.rows(jobs.get(i));
      boolean full = before - begun + rows > most || count * before >= all * (batches.size() + 1);
      if (i > first && (full || work.enumerating())) {
        batches.add(jobs.subList(first, i));
        first = i;
        begun = before;
      }
      before += rows;
    }
    if (first < jobs.size()) {
      batches.add(jobs.subList(first, jobs.size()));
    }
    return batches;
  }

  /** The most rows of a batch, of {@code all} that there are. */
  private static long mostTogether(Workload work, long all) {
    long rows = work.layout().batchRows();
    return Math.max(rows, Math.min(rows * work.fillings(), all / work.layout().threads()));
  }
}
