package dev.cotrace.hub;

import dev.cotrace.hub.HubException.Fault;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * One commit of a model in the cache; other programs may have left only some of its files there.
 *
 * @param repository which model
 * @param commit its full hash
 * @param refs branches and tags that are known to mean it
 * @param directory where its files are
 * @param bytes of the files that are there
 */
public record CachedModel(
    RepositoryName repository, String commit, List<String> refs, Path directory, long bytes) {
  private static final Pattern SHARD =
      Pattern.compile("(model-)(\\d{5})-of-(\\d{5})\\.safetensors");

  /**
   * Where the model that {@code reference} names can be loaded from: the directory or one file.
   *
   * @throws HubException when that is not in the cache, or weights are missing
   */
  public Path path(HubReference reference) throws IOException {
    String file = reference.file();
    if (file != null) {
      Path path = directory.resolve(file);
      if (!Files.exists(path)) {
        throw lacks(reference, file);
      }
      return path;
    }
    List<String> names = names();
    for (String name : names) {
      Matcher shard = SHARD.matcher(name);
      for (int i = 1; shard.matches() && i <= Integer.parseInt(shard.group(3)); i++) {
        String other = "%s%05d-of-%s.safetensors".formatted(shard.group(1), i, shard.group(3));
        if (!names.contains(other)) {
          throw lacks(reference, other);
        }
      }
    }
    if (names.stream().noneMatch(CachedModel::isWeights)) {
      throw lacks(reference, "weights");
    }
    return directory;
  }

  /** Whether Cotrace could read weights from a file of this name. */
  private static boolean isWeights(String name) {
    return name.endsWith(".safetensors") || name.endsWith(".gguf");
  }

  /** Names of the files at the top; a link that leads nowhere is no file. */
  private List<String> names() throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files
          .filter(Files::isRegularFile)
          .map(file -> String.valueOf(file.getFileName()))
          .toList();
    }
  }

  private HubException lacks(HubReference reference, String what) {
    return new HubException(
        Fault.NOT_CACHED,
        "the hub cache has %s, but not its %s, in %s; run cotrace pull %s"
            .formatted(repository, what, directory, reference));
  }
}
