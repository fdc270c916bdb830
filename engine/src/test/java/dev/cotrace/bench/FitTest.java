package dev.cotrace.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class FitTest {
  @Test
  void theSlopeAndItsErrorAreThoseOfTheTextbook() {
    // Worked by hand: the residuals are −1/3, 2/3, −1/3, their squares add up to 2/3.
    Fit fit = Fit.of(new double[] {1, 2, 3}, new double[] {1, 3, 3});

    assertThat(fit.slope()).isCloseTo(1, within(1e-15));
    assertThat(fit.intercept()).isCloseTo(1.0 / 3, within(1e-15));
    assertThat(fit.slopeError()).isCloseTo(Math.sqrt(1.0 / 3), within(1e-15));
  }

  @Test
  void aPowerLawHasItsExponentAsSlopeAndNoError() {
    Fit fit = Fit.ofLogarithms(new double[] {1, 2, 4, 8}, new double[] {3, 6, 12, 24});

    assertThat(fit.slope()).isCloseTo(1, within(1e-12));
    assertThat(fit.slopeError()).isCloseTo(0, within(1e-12));
  }

  @Test
  void twoPointsHaveASlopeWithoutAnError() {
    Fit fit = Fit.of(new double[] {1, 3}, new double[] {0, 4});

    assertThat(fit.slope()).isEqualTo(2);
    assertThat(fit.slopeError()).isNull();
  }
}
