package dev.cotrace;

import dev.cotrace.hub.CachedModel;
import dev.cotrace.hub.HubCache;
import dev.cotrace.hub.HubException;
import dev.cotrace.hub.HubReference;
import dev.cotrace.hub.HubSettings;
import dev.cotrace.model.Model;
import dev.cotrace.torch.Placement;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Where a model lies that a user named: the one way from {@code --model} to files.
 *
 * @param path a directory or a GGUF file
 * @param hub where it is from; null for a local path
 */
public record ModelSource(Path path, @Nullable Origin hub) {
  /**
   * A commit of the hub.
   *
   * @param repository such as {@code org/name}
   * @param revision as it was asked for
   * @param commit what that meant
   */
  public record Origin(String repository, String revision, String commit) {}

  /**
   * Finds a model on this machine; downloads nothing.
   *
   * @param text a path, {@code org/name}, {@code org/name@revision} or {@code hf://…}; an existing
   *     path goes first
   * @throws NoSuchFileException when it can only be a path, and there is nothing
   * @throws HubException when it may be a model of the hub, but the user's cache lacks it
   */
  public static ModelSource find(String text) throws IOException {
    Optional<Path> local = local(text);
    if (local.isPresent()) {
      return new ModelSource(local.get(), null);
    }
    HubReference reference =
        HubReference.parse(text).orElseThrow(() -> new NoSuchFileException(text));
    CachedModel model = cache().require(reference);
    Origin origin = new Origin(reference.repository().text(), reference.revision(), model.commit());
    return new ModelSource(model.path(reference), origin);
  }

  /** The existing file or directory that {@code text} names, if it does. */
  public static Optional<Path> local(String text) {
    return HubReference.isUrl(text)
        ? Optional.empty()
        : Optional.of(Path.of(text)).filter(Files::exists);
  }

  /**
   * What {@link #find} finds the same model by, whatever the directory and the day: an absolute
   * path, or a commit. {@code text} itself when there is no such model.
   */
  static String located(String text) throws IOException {
    Optional<HubReference> reference =
        local(text).isPresent() ? Optional.empty() : HubReference.parse(text);
    if (reference.isEmpty()) {
      return Path.of(text).toAbsolutePath().normalize().toString();
    }
    return cache()
        .find(reference.get())
        .map(model -> reference.get().at(model.commit()).url())
        .orElse(text);
  }

  private static HubCache cache() {
    return new HubCache(HubSettings.ofProcess().cache());
  }

  /** Loads the model. */
  Model load(Placement placement) throws IOException {
    return Model.load(path, placement);
  }
}
