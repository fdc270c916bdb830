package dev.cotrace;

import dev.cotrace.format.MalformedModelException;
import dev.cotrace.format.ModelConfig;
import dev.cotrace.hub.CachedModel;
import dev.cotrace.hub.HubCache;
import dev.cotrace.model.Model;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The models on this machine that {@code --model} could be given.
 *
 * @param builtIn those of the checkout, {@code models/*} and {@code models/cache/*.gguf}
 * @param cached those of the hub cache
 */
public record ModelCatalogue(List<Entry> builtIn, List<Entry> cached) {
  /**
   * A model.
   *
   * @param name what to give {@code --model}
   * @param commit of the hub; null for a local model
   * @param refs branches and tags that mean this commit
   * @param bytes of its files
   * @param family as its configuration says; null where it cannot be read
   * @param problem why it cannot be used; null where nothing is known to be in the way
   * @param path of its directory or file
   */
  public record Entry(
      String name,
      @Nullable String commit,
      List<String> refs,
      long bytes,
      @Nullable String family,
      @Nullable String problem,
      String path) {}

  /**
   * Looks for models; reads descriptions only.
   *
   * @param checkout the directory that holds {@code models/}
   */
  public static ModelCatalogue of(Path checkout, HubCache cache) throws IOException {
    List<Entry> builtIn = new ArrayList<>();
    Path models = checkout.resolve("models");
    for (Path path : list(models)) {
      if (Files.exists(path.resolve("config.json")) || isGguf(path)) {
        builtIn.add(local(path));
      }
    }
    for (Path path : list(models.resolve("cache"))) {
      if (isGguf(path)) {
        builtIn.add(local(path));
      }
    }
    List<Entry> cached = new ArrayList<>();
    for (CachedModel model : cache.models()) {
      List<Path> ggufs = list(model.directory()).stream().filter(ModelCatalogue::isGguf).toList();
      if (ggufs.size() > 1) {
        for (Path gguf : ggufs) {
          String name = "hf://%s/%s".formatted(name(model), gguf.getFileName());
          cached.add(hub(model, name, Files.size(gguf), gguf));
        }
      } else {
        cached.add(hub(model, name(model), model.bytes(), model.directory()));
      }
    }
    return new ModelCatalogue(List.copyOf(builtIn), List.copyOf(cached));
  }

  private static String name(CachedModel model) {
    List<String> refs = model.refs();
    String revision = refs.isEmpty() ? model.commit() : refs.getFirst();
    return model.repository() + (refs.contains("main") ? "" : "@" + revision);
  }

  private static Entry local(Path path) throws IOException {
    long bytes = 0;
    for (Path file : Files.isDirectory(path) ? list(path) : List.of(path)) {
      bytes += Files.isRegularFile(file) ? Files.size(file) : 0;
    }
    Path here = Path.of("").toAbsolutePath();
    Path shown =
        path.toAbsolutePath().startsWith(here) ? here.relativize(path.toAbsolutePath()) : path;
    Sight sight = Sight.of(path);
    return new Entry(
        shown.toString(), null, List.of(), bytes, sight.family, sight.problem, shown.toString());
  }

  private static Entry hub(CachedModel model, String name, long bytes, Path path) {
    Sight sight = Sight.of(path);
    return new Entry(
        name, model.commit(), model.refs(), bytes, sight.family, sight.problem, path.toString());
  }

  /** What a look at a model's description shows. */
  private record Sight(@Nullable String family, @Nullable String problem) {
    static Sight of(Path path) {
      try {
        return new Sight(Model.architectureAt(path).family(), null);
      } catch (IOException | UncheckedIOException e) {
        return new Sight(claimed(path), "cannot be read: " + e.getMessage());
      } catch (RuntimeException e) {
        if (!BadInput.is(e)) {
          throw e;
        }
        return new Sight(claimed(path), e.getMessage());
      }
    }

    /** The family that a configuration claims which Cotrace cannot use. */
    private static @Nullable String claimed(Path path) {
      try {
        Path config = path.resolve("config.json");
        return Files.exists(config) ? ModelConfig.read(config).string("model_type") : null;
      } catch (IOException | MalformedModelException e) {
        return null;
      }
    }
  }

  private static boolean isGguf(Path path) {
    return path.toString().endsWith(".gguf") && Files.isRegularFile(path);
  }

  private static List<Path> list(Path directory) throws IOException {
    if (!Files.isDirectory(directory)) {
      return List.of();
    }
    try (Stream<Path> all = Files.list(directory)) {
      return all.sorted().toList();
    }
  }
}
