package dev.cotrace.attribution;

import dev.cotrace.gate.Gates;
import dev.cotrace.gate.Recording;
import dev.cotrace.gate.SequencePairs;
import dev.cotrace.gate.Tape;
import dev.cotrace.rollout.Sample;
import dev.cotrace.rollout.Transcript;
import dev.cotrace.rollout.TranscriptScorer;
import dev.cotrace.rollout.TranscriptScorer.Group;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The recorded runs behind gradients: those along the method's way, at which derivatives are taken,
 * and the clean one where its differences are frozen.
 */
final class GradientRuns implements AutoCloseable {
  private final Workload work;
  private final int rowsAtOnce;
  private final Tape tape;
  private final @Nullable Tape clean;

  /**
   * Nothing yet.
   *
   * @param rowsAtOnce rows that one pass over whole transcripts takes
   */
  GradientRuns(Workload work, int rowsAtOnce) {
    this.work = work;
    this.rowsAtOnce = rowsAtOnce;
    tape = new Tape(work.model());
    clean = work.freezesDifferences() ? new Tape(work.model()) : null;
  }

  /** What sampling along the method's way is to be recorded on. */
  Tape tape() {
    return tape;
  }

  /** The runs of {@code groups}, whose {@code samples} at {@code gates} are on the tape. */
  Recording sampled(Gates gates, List<Group> groups, List<Sample> samples) {
    List<int[]> slots = samples.stream().flatMap(sample -> sample.slots().stream()).toList();
    return complete(groups, new Recording(tape, slots, gates));
  }

  /** The runs of {@code groups} at {@code gates} in one more pass. */
  Recording rerun(Gates gates, List<Group> groups) {
    List<Transcript> transcripts = TranscriptScorer.transcripts(groups);
    return complete(groups, work.scorer().recorded(gates, transcripts, tape));
  }

  private Recording complete(List<Group> groups, Recording recording) {
    return clean == null
        ? recording
        : recording.withDifferencesOf(cleanRun(TranscriptScorer.transcripts(groups), clean));
  }

  /** Transcripts that are alike, as those of one prompt at several gates may be, run once. */
  private Recording cleanRun(List<Transcript> transcripts, Tape onto) {
    List<SequencePairs.Row> rows = work.scorer().pairs(transcripts).rows();
    Map<SequencePairs.Row, Transcript> distinct = new LinkedHashMap<>();
    for (int i = 0; i < rows.size(); i++) {
      distinct.putIfAbsent(rows.get(i), transcripts.get(i));
    }
    Map<SequencePairs.Row, int[]> slots = new HashMap<>();
    Iterator<SequencePairs.Row> ran = distinct.keySet().iterator();
    for (List<Transcript> part : Lists.split(List.copyOf(distinct.values()), rowsAtOnce)) {
      work.scorer()
          .recorded(open(part.size()), part, onto)
          .slots()
          .forEach(own -> slots.put(ran.next(), own));
    }
    return new Recording(onto, rows.stream().map(slots::get).toList(), open(rows.size()));
  }

  private static Gates open(int rows) {
    double[] alpha = new double[rows];
    Arrays.fill(alpha, 1);
    return new Gates.Uniform(alpha);
  }

  @Override
  public void close() {
    tape.close();
    if (clean != null) {
      clean.close();
    }
  }
}
