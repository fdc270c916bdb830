package dev.cotrace.circuit;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class EstimateTest {
  @Test
  void anEstimateIsWrittenWithItsError() {
    assertThat(new Estimate(0.42134, 0.01066)).hasToString("0.4213 ± 0.011");
    assertThat(new Estimate(-2.5e-7, 3e-8)).hasToString("-2.500e-07 ± 3.0e-08");
    assertThat(new Estimate(1, Double.NaN)).hasToString("1.000 ± ?");
    assertThat(Estimate.exact(0.5)).hasToString("0.5000");
  }
}
