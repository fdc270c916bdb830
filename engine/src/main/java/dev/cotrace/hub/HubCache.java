package dev.cotrace.hub;

import dev.cotrace.hub.HubException.Fault;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * The directory of cached repositories, laid out as huggingface_hub does: {@code
 * models--org--name/refs/main} holds a commit, {@code snapshots/COMMIT/FILE} is a relative link to
 * {@code blobs/HASH}, or a plain file where there are no links.
 *
 * @param root the directory; it need not exist
 */
public record HubCache(Path root) {
  private static final int LONGEST_REF_FILE = 100;

  /**
   * The cached commit that {@code reference} means here, whole or in part: what its branch or tag
   * was when it was last pulled.
   */
  public Optional<CachedModel> find(HubReference reference) throws IOException {
    Path repository = root.resolve(reference.repository().folder());
    Optional<String> commit = commit(repository.resolve("refs"), reference.revision());
    if (commit.isEmpty()
        || !Files.isDirectory(repository.resolve("snapshots").resolve(commit.get()))) {
      return Optional.empty();
    }
    return Optional.of(model(repository, reference.repository(), commit.get()));
  }

  /**
   * As {@link #find}.
   *
   * @throws HubException when it is not here; it says how to pull it
   */
  public CachedModel require(HubReference reference) throws IOException {
    Optional<CachedModel> model = find(reference);
    if (model.isPresent()) {
      return model.get();
    }
    boolean maybePath = reference.file() == null && reference.revision().equals(HubReference.MAIN);
    throw new HubException(
        Fault.NOT_CACHED,
        "%s %s the hub cache %s; run cotrace pull %s%s"
            .formatted(
                reference,
                maybePath ? "does not exist here, and is not in" : "is not in",
                root,
                reference,
                maybePath ? " if it is a model of the hub" : ""));
  }

  /** Every cached commit of every model, by name and commit. */
  public List<CachedModel> models() throws IOException {
    List<CachedModel> models = new ArrayList<>();
    for (Path repository : directories(root)) {
      Optional<RepositoryName> name = RepositoryName.ofFolder(nameOf(repository));
      if (name.isEmpty()) {
        continue;
      }
      for (Path snapshot : directories(repository.resolve("snapshots"))) {
        if (HubReference.isCommit(nameOf(snapshot))) {
          models.add(model(repository, name.get(), nameOf(snapshot)));
        }
      }
    }
    models.sort(
        Comparator.comparing((CachedModel model) -> model.repository().text())
            .thenComparing(CachedModel::commit));
    return models;
  }

  private static Optional<String> commit(Path refs, String revision) throws IOException {
    return HubReference.isCommit(revision) ? Optional.of(revision) : read(refs.resolve(revision));
  }

  /** The commit in the file of a ref; none when it holds anything else. */
  private static Optional<String> read(Path ref) throws IOException {
    if (!Files.isRegularFile(ref) || Files.size(ref) > LONGEST_REF_FILE) {
      return Optional.empty();
    }
    return Optional.of(Files.readString(ref).strip()).filter(HubReference::isCommit);
  }

  private static CachedModel model(Path repository, RepositoryName name, String commit)
      throws IOException {
    TreeSet<String> refs = new TreeSet<>();
    Path folder = repository.resolve("refs");
    for (Path ref : files(folder).keySet()) {
      if (read(ref).filter(commit::equals).isPresent()) {
        refs.add(folder.relativize(ref).toString().replace('\\', '/'));
      }
    }
    Path snapshot = repository.resolve("snapshots").resolve(commit);
    long bytes = files(snapshot).values().stream().mapToLong(Long::longValue).sum();
    return new CachedModel(name, commit, List.copyOf(refs), snapshot, bytes);
  }

  /** The files under {@code folder} and how long they are; links that lead nowhere are left out. */
  private static SortedMap<Path, Long> files(Path folder) throws IOException {
    SortedMap<Path, Long> files = new TreeMap<>();
    if (Files.isDirectory(folder)) {
      try (Stream<Path> all = Files.walk(folder)) {
        for (Path file : (Iterable<Path>) all.filter(Files::isRegularFile)::iterator) {
          files.put(file, Files.size(file));
        }
      }
    }
    return files;
  }

  private static List<Path> directories(Path folder) throws IOException {
    List<Path> directories = new ArrayList<>();
    if (Files.isDirectory(folder)) {
      try (DirectoryStream<Path> all = Files.newDirectoryStream(folder, Files::isDirectory)) {
        all.forEach(directories::add);
      }
    }
    return directories;
  }

  private static String nameOf(Path path) {
    return String.valueOf(path.getFileName());
  }
}
