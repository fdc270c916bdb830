package dev.cotrace.attribution;

import dev.cotrace.rollout.Credit;
import dev.cotrace.rollout.Measurement;
import dev.cotrace.rollout.Objective;
import dev.cotrace.rollout.OutcomeTerm;
import dev.cotrace.rollout.Rollout;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What jobs gave as bytes, to the last bit, for another process of the same run. */
public final class ResultBytes {
  /** More rollouts, steps or positions than any job has. */
  private static final int MOST = 1 << 24;

  private ResultBytes() {}

  /** Writes which job it is. */
  public static void write(DataOutput out, Job job) throws IOException {
    out.writeLong(job.index());
    out.writeInt(job.prompt());
    out.writeInt(job.repeat());
    out.writeInt(job.writer());
    out.writeDouble(job.alpha());
    out.writeDouble(job.sampledAt());
    out.writeInt(job.rollouts());
  }

  /** Reads which job it was. */
  public static Job job(DataInput in) throws IOException {
    return new Job(
        in.readLong(),
        in.readInt(),
        in.readInt(),
        in.readInt(),
        in.readDouble(),
        in.readDouble(),
        in.readInt());
  }

  /** Writes what a job gave. */
  public static void write(DataOutput out, JobResult result) throws IOException {
    write(out, result.job());
    out.writeInt(result.rollouts().size());
    for (int i = 0; i < result.rollouts().size(); i++) {
      Rollout rollout = result.rollouts().get(i);
      write(out, rollout.tokens());
      write(out, rollout.partners());
      out.writeUTF(rollout.finish().name());
      write(out, result.measurements().get(i));
    }
    Doubles.writeAll(out, result.weights());
    Doubles.writeAll(out, result.values());
    out.writeInt(result.credits().size());
    for (Credit credit : result.credits()) {
      Doubles.writeAll(out, credit.advantage());
      Doubles.writeAll(out, credit.direct());
      Doubles.writeAll(out, credit.throughCot());
    }
    out.writeLong(result.tokens());
  }

  /**
   * Reads what a job gave.
   *
   * @param objective that it was measured by
   */
  public static JobResult result(DataInput in, Objective objective) throws IOException {
    Job job = job(in);
    int count = Doubles.length(in, MOST);
    List<Rollout> rollouts = new ArrayList<>();
    List<Measurement> measurements = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int[] tokens = ints(in);
      int[] partners = ints(in);
      rollouts.add(new Rollout(tokens, Rollout.Finish.valueOf(in.readUTF()), partners));
      measurements.add(measurement(in, objective));
    }
    double[] weights = doubles(in);
    double[] values = doubles(in);
    List<Credit> credits = new ArrayList<>();
    int credited = Doubles.length(in, MOST);
    for (int i = 0; i < credited; i++) {
      credits.add(new Credit(doubles(in), doubles(in), doubles(in)));
    }
    return new JobResult(job, rollouts, measurements, weights, values, credits, in.readLong());
  }

  private static void write(DataOutput out, Measurement measurement) throws IOException {
    Doubles.writeAll(out, measurement.logProbability());
    Doubles.writeAll(out, measurement.kl());
    Doubles.writeAll(out, measurement.klReverse());
    Doubles.writeAll(out, measurement.answerLogProbability());
    out.writeBoolean(measurement.answerMostProbable());
    Doubles.writeAll(out, measurement.contrastLogProbability());
    out.writeDouble(measurement.answerKl());
    out.writeInt(measurement.outcomes().size());
    for (Map.Entry<OutcomeTerm, Double> outcome : measurement.outcomes().entrySet()) {
      out.writeUTF(outcome.getKey().label());
      out.writeDouble(outcome.getValue());
    }
  }

  private static Measurement measurement(DataInput in, Objective objective) throws IOException {
    double[] logProbability = doubles(in);
    double[] kl = doubles(in);
    double[] klReverse = doubles(in);
    double[] answer = doubles(in);
    boolean mostProbable = in.readBoolean();
    double[] contrast = doubles(in);
    double answerKl = in.readDouble();
    Map<OutcomeTerm, Double> outcomes = new LinkedHashMap<>();
    int count = Doubles.length(in, objective.outcomes().size());
    for (int i = 0; i < count; i++) {
      outcomes.put(term(in.readUTF(), objective), in.readDouble());
    }
    return new Measurement(
        logProbability, kl, klReverse, answer, mostProbable, contrast, answerKl, outcomes);
  }

  private static OutcomeTerm term(String label, Objective objective) throws IOException {
    for (OutcomeTerm term : objective.outcomes()) {
      if (term.label().equals(label)) {
        return term;
      }
    }
    throw new IOException("the objective has no outcome " + label);
  }

  private static void write(DataOutput out, int[] values) throws IOException {
    out.writeInt(values.length);
    for (int value : values) {
      out.writeInt(value);
    }
  }

  private static int[] ints(DataInput in) throws IOException {
    int[] values = new int[Doubles.length(in, MOST)];
    for (int i = 0; i < values.length; i++) {
      values[i] = in.readInt();
    }
    return values;
  }

  private static double[] doubles(DataInput in) throws IOException {
    return Doubles.readAll(in, MOST);
  }
}
