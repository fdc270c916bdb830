package dev.cotrace;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The rollouts of all shards in the order of one process. */
final class MergedRollouts {
  private static final JsonMapper JSON = new JsonMapper();

  private MergedRollouts() {}

  /**
   * The next rollout of one shard.
   *
   * @param purpose index among the purposes, in their order
   */
  private record Next(Source source, String line, int purpose, double alpha, long job) {}

  /** One shard's file, read as far as is needed. */
  private record Source(BufferedReader lines, List<String> purposes) implements AutoCloseable {
    static Source open(StoredShard shard, List<String> purposes) throws IOException {
      return new Source(Files.newBufferedReader(shard.rollouts()), purposes);
    }

    /** Null at the end. Those without a purpose are the pairs, which every shard has. */
    @Nullable Next next() throws IOException {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        JsonNode json = JSON.readTree(line);
        if (json.path("kind").asString("").equals("rollout")) {
          String purpose = json.path("purpose").asString("");
          if (!purposes.contains(purpose)) {
            purposes.add(purpose);
          }
          // J(0) of all jobs comes before J(1); gradients are in the order of their jobs.
          boolean ends = purposes.indexOf(purpose) == 0;
          double alpha = ends ? json.path("alpha").asDouble(0) : 0;
          return new Next(this, line, purposes.indexOf(purpose), alpha, json.path("job").asLong(0));
        }
      }
      return null;
    }

    @Override
    public void close() throws IOException {
      lines.close();
    }
  }

  /** Hands over the rollouts of {@code shards}, line by line. */
  static void copy(List<StoredShard> shards, Consumer<String> to) throws IOException {
    List<String> purposes = new ArrayList<>();
    List<Source> sources = new ArrayList<>();
    try {
      PriorityQueue<Next> next =
          new PriorityQueue<>(
              Comparator.comparingInt(Next::purpose)
                  .thenComparingDouble(Next::alpha)
                  .thenComparingLong(Next::job));
      for (StoredShard shard : shards) {
        Source source = Source.open(shard, purposes);
        sources.add(source);
        add(next, source);
      }
      while (!next.isEmpty()) {
        Next first = next.remove();
        to.accept(first.line);
        add(next, first.source);
      }
    } finally {
      for (Source source : sources) {
        source.close();
      }
    }
  }

  private static void add(PriorityQueue<Next> queue, Source source) throws IOException {
    Next next = source.next();
    if (next != null) {
      queue.add(next);
    }
  }
}
