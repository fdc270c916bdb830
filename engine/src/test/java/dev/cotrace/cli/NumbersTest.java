package dev.cotrace.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cotrace.circuit.Estimate;
import java.util.stream.DoubleStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class NumbersTest {
  /** In a column whose largest number is 1.5: three decimals. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          0.51234   | 0.0107   | +0.512 ± 0.011
          0.51234   | 0        | +0.512
          0         | 0        | +0.000
          0.51234   | 2.3e-6   | +0.512 ± 2e-06
          -1.66e-7  | 2.2e-6   | -1.7e-07 ± 2e-06
          -1.66e-7  | 0.0107   | +0.000 ± 0.011
          -1.66e-7  | 0        | -1.7e-07
          0.0004    | NaN      | +4.0e-04 ± ?
          NaN       | 1        | ?
          """)
  void noNumberLooksExactOrZeroThatIsNot(double value, double error, String text) {
    Numbers column = Numbers.like(DoubleStream.of(1.5));
    assertThat(column.signedOf(new Estimate(value, error))).isEqualTo(text);
  }
}
