package dev.cotrace.attribution;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

/**
 * A piece of [0, 1] with its part of the integral.
 *
 * @param nodes of the rule on it
 * @param allotment how rollouts are dealt out to them
 * @param sum of the gradients so far
 */
record Interval(double from, double to, Nodes nodes, Allotment allotment, AttributionSum sum) {
  /** With the rule of {@code work}, and nothing added yet. */
  static Interval empty(Workload work, double from, double to) {
    Settings settings = work.settings();
    Nodes rule =
        settings.quadrature() == Quadrature.ADAPTIVE
            ? Nodes.gaussKronrod(from, to)
            : Nodes.of(settings.quadrature(), settings.points());
    Nodes nodes = rule.forWriters(work.writers());
    int prompts = work.task().pairs().size();
    return new Interval(from, to, nodes, new Allotment(nodes.weight(), prompts), emptySum(work));
  }

  /** A sum over the cells and bins of {@code work}. */
  static AttributionSum emptySum(Workload work) {
    return new AttributionSum(work.model().units().cells(), work.bins().names().size());
  }

  /** Writes this for {@link #restored}. */
  void save(DataOutput out) throws IOException {
    out.writeDouble(from);
    out.writeDouble(to);
    sum.save(out);
    allotment.save(out);
  }

  /** What {@link #save} wrote of an interval of {@code work}. */
  static Interval restored(Workload work, DataInput in) throws IOException {
    Interval interval = empty(work, in.readDouble(), in.readDouble());
    interval.sum.restore(in);
    interval.allotment.restore(in);
    return interval;
  }
}
