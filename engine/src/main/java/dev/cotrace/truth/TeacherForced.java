package dev.cotrace.truth;

import dev.cotrace.attribution.IntegratedGradient;
import dev.cotrace.attribution.Reference;
import dev.cotrace.attribution.RunListener;
import java.io.IOException;
import java.util.Map;

/** The reference of that name: divergence from the clean model on its own text. */
record TeacherForced() implements Contender {
  @Override
  public String name() {
    return Reference.TEACHER_FORCED.label();
  }

  @Override
  public Found find(Trial trial, RunListener listener) throws IOException {
    IntegratedGradient gradient = new IntegratedGradient(trial.workload(Map.of()), listener);
    gradient.attribute(); // comes to the gate values that the reference is taken at
    return Found.of(gradient.references().teacherForced().scores());
  }
}
