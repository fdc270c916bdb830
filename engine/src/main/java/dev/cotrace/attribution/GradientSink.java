package dev.cotrace.attribution;

/** What gradients of a list of jobs are added up in, job after job. */
interface GradientSink {
  /**
   * How a job's gradient counts.
   *
   * @param part index of the sum that it is added to
   * @param node of the rule, within the part
   * @param cluster of its prompt and repeat
   * @param weight in the rule
   * @param coarse weight in the coarser rule, where rules are nested
   */
  record Share(int part, int node, int cluster, double weight, double coarse) {}

  /** How many jobs of the list have been added. */
  int done();

  /** How the gradient of {@code job} counts. */
  Share share(Job job);

  /** The sum at index {@code part}. */
  AttributionSum sum(int part);

  /**
   * Takes note of a job that has been added.
   *
   * @param total its gradient summed over edges
   */
  void added(JobResult result, Share share, double total);

  /** Adds the gradient of the next job. */
  default void add(JobGradient gradient) {
    Share share = share(gradient.result().job());
    AttributionSum sum = sum(share.part());
    sum.add(
        share.cluster(), share.weight(), share.coarse(), gradient.direct(), gradient.throughCot());
    sum.addByBin(share.cluster(), share.weight(), gradient.byBin());
    added(gradient.result(), share, gradient.total());
  }
}
