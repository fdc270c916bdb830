package dev.cotrace.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whole processes that are killed, told to stop, or run out of disk, and gone on with. */
class KilledRunsTest {
  private static final Path ROOT =
      Path.of(System.getProperty("cotrace.root", "..")).toAbsolutePath().normalize();

  private static final int KILLS = 20;
  private static final int KILLED = 128 + 9;
  private static final int TERMINATED = 128 + 15;

  @TempDir private Path folder;
  private Path log = Path.of("");

  @BeforeEach
  void runUnbroken() throws IOException, InterruptedException {
    log = folder.resolve("log.txt");
    assertThat(start(List.of(), discover("whole")).waitFor()).as(log()).isZero();
  }

  @Test
  void killedAtRandomMomentsTheScoresAreTheSame() throws IOException, InterruptedException {
    SplittableRandom random = new SplittableRandom(9);
    int kills = 0;
    for (int run = 0; kills < KILLS; run++) {
      String name = "run-" + run;
      while (!Files.exists(folder.resolve(name))) {
        Process process = start(List.of(), begun(name) ? resume(name) : discover(name));
        boolean ended = process.waitFor(random.nextInt(700, 2500), TimeUnit.MILLISECONDS);
        process.destroyForcibly();
        int code = process.waitFor();
        assertThat(code).as(log()).isIn(0, KILLED);
        kills += ended ? 0 : 1;
        removeWhatHadNotBegun(name);
      }
      assertSameAsUnbroken(name);
    }
  }

  @Test
  void toldToStopItSaysHowToGoOn() throws IOException, InterruptedException {
    Process process = start(List.of(), discover("run"));
    awaitJobs("run");
    process.destroy();
    assertThat(process.waitFor()).as(log()).isEqualTo(TERMINATED);
    assertThat(log())
        .contains("cotrace: stopped; go on with cotrace discover --resume " + folder.resolve("run"))
        .doesNotContain("\tat ");
    assertThat(start(List.of(), resume("run")).waitFor()).as(log()).isZero();
    assertSameAsUnbroken("run");
  }

  @Test
  void toldTwiceItEndsAtOnce() throws IOException, InterruptedException {
    Process process = start(List.of(), discover("run"));
    awaitJobs("run");
    process.destroy();
    process.destroy();
    assertThat(process.waitFor()).as(log()).isEqualTo(TERMINATED);
    assertThat(start(List.of(), resume("run")).waitFor()).as(log()).isZero();
    assertSameAsUnbroken("run");
  }

  /** The shell lets no file grow beyond some blocks of 512 or 1,024 bytes. */
  @Test
  void outOfDiskItSaysSoAndGoesOnLater() throws IOException, InterruptedException {
    List<String> limited = List.of("/bin/sh", "-c", "ulimit -f 40; exec \"$@\"", "sh");
    Process process = start(limited, discover("run"));
    assertThat(process.waitFor()).as(log()).isEqualTo(2);
    assertThat(log())
        .contains(
            "cotrace: the run was broken off (File too large); mend that and go on with cotrace discover --resume ")
        .doesNotContain("\tat ");
    assertThat(start(List.of(), resume("run")).waitFor()).as(log()).isZero();
    assertSameAsUnbroken("run");
  }

  @Test
  void whereNothingCanBeWrittenItSaysSo() throws IOException, InterruptedException {
    List<String> arguments = new ArrayList<>(discover("run"));
    Collections.replaceAll(arguments, folder.resolve("run").toString(), "/proc/run");
    assertThat(start(List.of(), arguments).waitFor()).as(log()).isEqualTo(2);
    assertThat(log())
        .contains("cotrace: cannot make the output directory /proc/run")
        .doesNotContain("\tat ");
  }

  private List<String> discover(String name) {
    return List.of(
        "discover",
        "--model",
        ROOT.resolve("models/arithmetic").toString(),
        "--task",
        ROOT.resolve("models/tasks/arithmetic-sum.jsonl").toString(),
        "--limit",
        "6",
        "--quadrature",
        "gauss-legendre",
        "--points",
        "8",
        "--rollouts",
        "4",
        "--batch-rows",
        "4",
        "--threads",
        "1",
        "--checkpoint-every",
        "0",
        "--out",
        folder.resolve(name).toString());
  }

  private List<String> resume(String name) {
    return List.of(
        "discover", "--checkpoint-every", "0", "--resume", folder.resolve(name).toString());
  }

  private boolean begun(String name) {
    return Files.exists(folder.resolve(name + ".incomplete/checkpoint/state"));
  }

  /** Killed before there was anything to go on from, a run is started again. */
  private void removeWhatHadNotBegun(String name) throws IOException {
    Path incomplete = folder.resolve(name + ".incomplete");
    if (Files.exists(incomplete) && !begun(name)) {
      try (var files = Files.walk(incomplete)) {
        for (Path file : files.sorted(Collections.reverseOrder()).toList()) {
          Files.delete(file);
        }
      }
    }
  }

  private void awaitJobs(String name) throws IOException, InterruptedException {
    Path rollouts = folder.resolve(name + ".incomplete/rollouts.jsonl");
    while (!Files.exists(rollouts) || Files.size(rollouts) < 20_000) {
      Thread.sleep(5);
    }
  }

  private void assertSameAsUnbroken(String name) {
    for (String file :
        List.of("scores.safetensors", "clusters.safetensors", "circuit.json", "rollouts.jsonl")) {
      assertThat(folder.resolve(name).resolve(file))
          .hasSameBinaryContentAs(folder.resolve("whole").resolve(file));
    }
  }

  private Process start(List<String> before, List<String> arguments) throws IOException {
    List<String> command = new ArrayList<>(before);
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(
        List.of(
            "-Xmx1g",
            "-XX:TieredStopAtLevel=1",
            "--enable-native-access=ALL-UNNAMED",
            "--sun-misc-unsafe-memory-access=allow",
            "-Dorg.bytedeco.javacpp.maxPhysicalBytes=0",
            "-Dorg.bytedeco.javacpp.maxBytes=0",
            "-cp",
            System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
            Main.class.getName()));
    command.addAll(arguments);
    return new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(Redirect.to(new File(log.toString())))
        .start();
  }

  private String log() throws IOException {
    return Files.exists(log) ? Files.readString(log) : "";
  }
}
