package dev.cotrace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunDirectoryTest {
  @TempDir Path folder;

  @Test
  void theDirectoryHasItsNameOnlyWhenItIsComplete() throws IOException {
    Path name = folder.resolve("run");
    try (RunDirectory directory = RunDirectory.create(name)) {
      directory.write("a.txt", "a");
      assertThat(name).doesNotExist();
      assertThat(directory.incomplete()).isDirectory();
      directory.finish();
    }
    assertThat(name.resolve("a.txt")).hasContent("a");
    assertThat(folder).isDirectoryNotContaining("glob:**.incomplete");
  }

  @Test
  void aFailingWriterLeavesNoFile() throws IOException {
    try (RunDirectory directory = RunDirectory.create(folder.resolve("run"))) {
      assertThatThrownBy(() ->
              directory.write(
                  "a.txt",
                  temporary -> {
                    Files.writeString(temporary, "half");
                    throw new IOException("disk full");
                  }))
          .hasMessage("disk full");
      assertThat(directory.files()).isEmpty();
    }
  }

  @Test
  void aRunThatEndsEarlyLeavesNothing() throws IOException {
    try (RunDirectory directory = RunDirectory.create(folder.resolve("deep/run"))) {
      directory.write("spec.yaml", "x");
    }
    assertThat(folder.resolve("deep")).isEmptyDirectory();
  }

  @Test
  void aRunThatEndsEarlyKeepsItsRolloutsUnderATemporaryName() throws IOException {
    Path name = folder.resolve("run");
    try (RunDirectory directory = RunDirectory.create(name);
        GrowingFile lines = GrowingFile.create(directory.incomplete().resolve("rollouts.jsonl"))) {
      lines.add("{}");
      directory.keep();
    }
    assertThat(name).doesNotExist();
    assertThat(folder.resolve("run.incomplete/rollouts.jsonl")).hasContent("{}\n");
  }

  @Test
  void whatIsThereIsNeverOverwritten() throws IOException {
    Path directory = Files.createDirectory(folder.resolve("there"));
    Path file = Files.writeString(folder.resolve("file"), "x");
    Path link = Files.createSymbolicLink(folder.resolve("link"), folder.resolve("nowhere"));
    for (Path path : new Path[] {directory, file, link}) {
      assertThatThrownBy(() -> RunDirectory.create(path))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining(path + " already exists");
    }
  }

  @Test
  void twoRunsCannotHaveTheSameName() throws IOException {
    Path name = folder.resolve("run");
    try (RunDirectory _ = RunDirectory.create(name)) {
      assertThatThrownBy(() -> RunDirectory.create(name))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("another process is writing to");
    }
    try (RunDirectory directory = RunDirectory.create(name)) {
      directory.write("a.txt", "a");
      directory.keep();
    }
    assertThatThrownBy(() -> RunDirectory.create(name))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("run.incomplete is there from a run that goes on or was stopped");
  }

  @Test
  void aProcessThatWasKilledBeforeItWroteAnythingBlocksNoName() throws IOException {
    Files.createFile(Files.createDirectory(folder.resolve("run.incomplete")).resolve("lock"));
    try (RunDirectory directory = RunDirectory.create(folder.resolve("run"))) {
      directory.write("a.txt", "a");
      directory.finish();
    }
    assertThat(folder.resolve("run/a.txt")).hasContent("a");
    assertThat(folder.resolve("run.incomplete")).doesNotExist();
  }

  @Test
  void aRunThatGoesOnCannotBeGoneOnWith() throws IOException {
    Path name = folder.resolve("run");
    try (RunDirectory _ = RunDirectory.create(name)) {
      assertThatThrownBy(() -> RunDirectory.resume(name))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("another process is writing to");
    }
  }

  @Test
  void onlyWhatWasBrokenOffIsGoneOnWith() throws IOException {
    Path name = folder.resolve("run");
    assertThatThrownBy(() -> RunDirectory.resume(name))
        .hasMessageContaining("there is no run to go on with");
    try (RunDirectory directory = RunDirectory.create(name)) {
      directory.write("a.txt", "a");
      directory.keep();
      Files.writeString(directory.incomplete().resolve("b.txt.part"), "torn");
    }
    try (RunDirectory directory = RunDirectory.resume(folder.resolve("run.incomplete"))) {
      assertThat(directory.path()).isEqualTo(name);
      assertThat(directory.incomplete()).isDirectoryNotContaining("glob:**.part");
      directory.finish();
    }
    assertThatThrownBy(() -> RunDirectory.resume(name)).hasMessageContaining("is complete");
  }

  @Test
  void aDirectoryInsideAFileIsRefused() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "x");
    assertThatThrownBy(() -> RunDirectory.create(file.resolve("run")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("cannot make the output directory");
  }

  @Test
  void aNameTakenMeanwhileIsNotOverwritten() throws IOException {
    Path name = folder.resolve("run");
    try (RunDirectory directory = RunDirectory.create(name)) {
      directory.write("a.txt", "ours");
      directory.keep();
      Files.createDirectory(name);
      Files.writeString(name.resolve("a.txt"), "theirs");
      assertThatThrownBy(directory::finish)
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("move what is there away, then rename it yourself");
    }
    assertThat(name.resolve("a.txt")).hasContent("theirs");
    assertThat(folder.resolve("run.incomplete/a.txt")).hasContent("ours");
  }
}
