package dev.cotrace.torch;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Made-up machines, as Linux describes them in files. */
class FreeMemoryTest {
  private static final long MEBI = 1L << 20;

  @TempDir Path root;

  @BeforeEach
  void machineOfFourGibibytesOfWhichOneHundredMebibytesAreOurs() throws IOException {
    write("proc/meminfo", "MemTotal: 9 kB\nMemAvailable:    4194304 kB\n");
    write("proc/self/status", "VmRSS:\t   99 kB\nRssAnon:\t  102400 kB\n");
  }

  @Test
  void whatIsAvailableAndWhatTheProcessHoldsAlreadyCountTogether() {
    assertThat(FreeMemory.of(root)).isEqualTo((4096 + 100) * MEBI);
  }

  @Test
  void aControlGroupOfVersionTwoLimitsIt() throws IOException {
    write("proc/self/cgroup", "0::/a/b\n");
    write("sys/fs/cgroup/a/memory.max", 1000 * MEBI + "\n");
    write("sys/fs/cgroup/a/memory.current", 600 * MEBI + "\n");
    write("sys/fs/cgroup/a/b/memory.max", "max\n");
    write("sys/fs/cgroup/a/b/memory.current", 500 * MEBI + "\n");
    assertThat(FreeMemory.of(root)).isEqualTo((400 + 100) * MEBI);
  }

  @Test
  void filesThatAControlGroupKeepsInMemoryAreGivenUp() throws IOException {
    write("proc/self/cgroup", "0::/\n");
    write("sys/fs/cgroup/memory.max", 1000 * MEBI + "\n");
    write("sys/fs/cgroup/memory.current", 600 * MEBI + "\n");
    write("sys/fs/cgroup/memory.stat", "anon 5\ninactive_file %d\n".formatted(50 * MEBI));
    assertThat(FreeMemory.of(root)).isEqualTo((450 + 100) * MEBI);
  }

  @Test
  void aControlGroupOfVersionOneLimitsIt() throws IOException {
    write("proc/self/cgroup", "5:cpu:/x\n4:memory:/job\n0::/\n");
    write("sys/fs/cgroup/memory/job/memory.limit_in_bytes", 2000 * MEBI + "\n");
    write("sys/fs/cgroup/memory/job/memory.usage_in_bytes", 1700 * MEBI + "\n");
    assertThat(FreeMemory.of(root)).isEqualTo((300 + 100) * MEBI);
  }

  @Test
  void aLimitBeyondAllMemoryIsNone() throws IOException {
    write("proc/self/cgroup", "4:memory:/\n");
    write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
    write("sys/fs/cgroup/memory/memory.usage_in_bytes", "1\n");
    assertThat(FreeMemory.of(root)).isEqualTo((4096 + 100) * MEBI);
  }

  private void write(String file, String text) throws IOException {
    Path path = root.resolve(file);
    Files.createDirectories(path.getParent());
    Files.writeString(path, text);
  }
}
