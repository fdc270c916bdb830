package dev.cotrace.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ByteSizeTest {
  @ParameterizedTest
  @CsvSource({
    "8G, 8000000000",
    "8GB, 8000000000",
    "500M, 500000000",
    "500 m, 500000000",
    "1.5GiB, 1610612736",
    "2Ti, 2199023255552",
    "12k, 12000",
    "123, 123"
  })
  void sizesAreReadAsPeopleWriteThem(String text, long bytes) {
    assertThat(ByteSize.parse(text)).isEqualTo(bytes);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "8X", "G", "-1G", "0", "1e9", "8 giga", "3iB", "9999999T"})
  void whatIsNoSizeIsRefused(String text) {
    assertThatThrownBy(() -> ByteSize.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("such as 8G, 500M or 1.5GiB")
        .hasMessageContaining("'" + text + "'");
  }

  @ParameterizedTest
  @CsvSource({"999, 999 bytes", "4096, 4 KB", "2400000, 2 MB", "8123456789, 8.1 GB"})
  void sizesArePrintedShort(long bytes, String text) {
    assertThat(ByteSize.text(bytes)).isEqualTo(text);
  }
}
