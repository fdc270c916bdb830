package dev.cotrace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cotrace.circuit.ClusterSums;
import dev.cotrace.circuit.ComputationGraph;
import dev.cotrace.format.Damage;
import dev.cotrace.format.MalformedModelException;
import dev.cotrace.format.Mutations;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ClustersFileTest {
  private static final ComputationGraph GRAPH = new ComputationGraph(2, 2, false);

  @TempDir Path folder;

  @Test
  void sumsByClusterAreReadAsTheyWereWritten() throws IOException {
    ClusterSums written = sums(4, 2, 1);
    Path file = folder.resolve("clusters.safetensors");
    ClustersFile.write(file, GRAPH, written);
    ClusterSums read = ClustersFile.read(file, GRAPH);
    assertThat(read.count()).isEqualTo(3);
    for (int cluster = 0; cluster < 3; cluster++) {
      assertThat(read.share(cluster)).isEqualTo(written.share(cluster));
      for (int cell = 0; cell < GRAPH.cells(); cell++) {
        for (int part : new int[] {ClusterSums.DIRECT, ClusterSums.THROUGH_COT}) {
          assertThat(read.score(part, cluster, cell))
              .isEqualTo((float) written.score(part, cluster, cell));
        }
      }
    }
  }

  @Test
  void sumsOfAnotherGraphAreRefused() throws IOException {
    Path file = folder.resolve("clusters.safetensors");
    ClustersFile.write(file, GRAPH, sums(1, 1));
    assertThatThrownBy(() -> ClustersFile.read(file, new ComputationGraph(1, 2, false)))
        .isInstanceOf(MalformedModelException.class)
        .hasMessageContaining("expected direct_0 of shape [4, 8], got");
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2})
  void damagedSumsAreRefusedOrRead(long seed) throws IOException {
    Path file = folder.resolve("clusters.safetensors");
    ClustersFile.write(file, GRAPH, sums(1, 2));
    byte[] original = Files.readAllBytes(file);
    Damage.survive(
        seed,
        5000,
        "clusters.safetensors",
        random -> {
          Files.write(file, Mutations.damage(original, random));
          ClustersFile.read(file, GRAPH);
        });
  }

  private static ClusterSums sums(int... units) {
    SplittableRandom random = new SplittableRandom(units.length);
    double[][] direct = new double[units.length][];
    double[][] throughCot = new double[units.length][];
    for (int cluster = 0; cluster < units.length; cluster++) {
      direct[cluster] = random.doubles(GRAPH.cells()).toArray();
      throughCot[cluster] = random.doubles(GRAPH.cells()).toArray();
    }
    return new ClusterSums(List.of(direct, throughCot), units);
  }
}
