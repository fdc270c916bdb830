package dev.cotrace.hub;

import dev.cotrace.hub.Hub.FileFacts;
import dev.cotrace.hub.HubException.Fault;
import dev.cotrace.hub.Listing.Listed;
import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CancellationException;

/** A model on its way into the cache: first what is to come, then the files. */
public final class Pull {
  private final Hub hub;
  private final HubReference reference;
  private final HubReference commit;
  private final RepositoryFolder folder;
  private final List<FileFacts> files;
  private final List<String> absent;
  private final long missing;

  private Pull(
      Hub hub,
      HubReference reference,
      Listing listing,
      RepositoryFolder folder,
      List<FileFacts> files)
      throws IOException {
    this.hub = hub;
    this.reference = reference;
    this.folder = folder;
    this.files = List.copyOf(files);
    commit = new HubReference(reference.repository(), listing.commit(), null);
    absent = FileChoice.DESCRIPTIONS.stream().filter(name -> listing.file(name).isEmpty()).toList();
    long bytes = 0;
    for (FileFacts file : files) {
      bytes += folder.has(listing.commit(), file.name(), file.size()) ? 0 : folder.missing(file);
    }
    missing = bytes;
  }

  /**
   * Asks the hub which files {@code reference} has, and chooses.
   *
   * @throws HubException when it will not say, or there is nothing to choose
   */
  public static Pull plan(Hub hub, HubSettings settings, HubReference reference, FileChoice choice)
      throws IOException {
    Listing listing = hub.listing(reference);
    HubReference commit = new HubReference(reference.repository(), listing.commit(), null);
    List<FileFacts> files = new ArrayList<>();
    for (Listed file : choice.of(listing, reference)) {
      files.add(hub.facts(commit, file));
    }
    RepositoryFolder folder =
        new RepositoryFolder(settings.cache(), reference.repository(), settings.links());
    return new Pull(hub, reference, listing, folder, files);
  }

  /** Names of the files that make up the pull. */
  public List<String> files() {
    return files.stream().map(FileFacts::name).toList();
  }

  /** The commit that is pulled. */
  public String commit() {
    return commit.revision();
  }

  /** Bytes of all files. */
  public long bytes() {
    return files.stream().mapToLong(FileFacts::size).sum();
  }

  /** Bytes that are not in the cache yet; a part that an earlier pull left is. */
  public long missingBytes() {
    return missing;
  }

  /**
   * Fetches what is missing. The branch or tag is noted last: until then nothing takes the commit
   * for whole.
   *
   * @throws HubException when the hub does not send what it should, or the cache cannot be written
   * @throws CancellationException when {@code listener} asks for an early end; what came is kept
   */
  public CachedModel run(PullListener listener) throws IOException {
    try {
      folder.prepare();
      requireSpace();
      Download download = new Download(hub, commit, folder, listener);
      for (FileFacts file : files) {
        if (!folder.has(commit(), file.name(), file.size())) {
          download.fetch(file);
        }
      }
      for (String name : absent) {
        folder.markMissing(commit(), name);
      }
      folder.refer(reference.revision(), commit());
      return new HubCache(folder.cache())
          .find(commit)
          .orElseThrow(() -> new IOException("the files are gone again"));
    } catch (HubException e) {
      throw e;
    } catch (ClosedByInterruptException e) {
      throw new CancellationException("interrupted while writing to the cache");
    } catch (IOException e) {
      throw new HubException(Fault.STORAGE, storage(e), e);
    }
  }

  private void requireSpace() throws IOException {
    long free = Files.getFileStore(folder.cache()).getUsableSpace();
    if (missing > free) {
      throw new HubException(
          Fault.STORAGE,
          "expected room for %s in %s, but only %s are free; make room, or set HF_HUB_CACHE to a directory on another disk"
              .formatted(size(missing), folder.cache(), size(free)));
    }
  }

  private String storage(IOException e) {
    String why = e instanceof AccessDeniedException ? "it may not be written" : e.getMessage();
    return "the hub cache %s cannot be written (%s); make room or set HF_HUB_CACHE to another directory"
        .formatted(folder.cache(), why);
  }

  /** {@code bytes} for people: decimal units, as disks and the hub count. */
  public static String size(long bytes) {
    if (bytes < 1000) {
      return bytes + " B";
    }
    double value = bytes;
    int unit = -1;
    while (value >= 999.95 && unit < 4) {
      value /= 1000;
      unit++;
    }
    return String.format(Locale.ROOT, "%.1f %cB", value, "kMGTP".charAt(unit));
  }
}
