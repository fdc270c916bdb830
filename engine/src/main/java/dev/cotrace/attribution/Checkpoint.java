package dev.cotrace.attribution;

import org.jspecify.annotations.Nullable;

/** What has been done of a run, so that another process can go on from there. */
public interface Checkpoint {
  /** Keeps nothing. */
  Checkpoint NONE =
      new Checkpoint() {
        @Override
        public @Nullable JobResult known(Workload work, String drawing, Job job) {
          return null;
        }

        @Override
        public void add(String drawing, JobResult result) {}

        @Override
        public void keep(String name, Kept part) {}

        @Override
        public void settled() {}
      };

  /** What {@code job} of {@code work} gave in an earlier process; null where it gave nothing. */
  @Nullable JobResult known(Workload work, String drawing, Job job);

  /** Keeps what a job gave. */
  void add(String drawing, JobResult result);

  /** Keeps {@code part} under {@code name}, and restores what an earlier process left of it. */
  void keep(String name, Kept part);

  /** A good moment to save: no batch is half added. */
  void settled();
}
