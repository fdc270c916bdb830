package dev.cotrace.hub;

import dev.cotrace.hub.Hub.FileFacts;
import dev.cotrace.hub.HubException.Fault;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.concurrent.CancellationException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Brings single files of one commit into the cache. */
final class Download {
  private static final int PIECE = 1 << 16;
  private static final Pattern RANGE = Pattern.compile("bytes (\\d{1,18})-\\d{1,18}/(\\d{1,18})");

  private final Hub hub;
  private final HubReference commit;
  private final RepositoryFolder folder;
  private final PullListener listener;

  /**
   * @param commit the repository at a commit
   */
  Download(Hub hub, HubReference commit, RepositoryFolder folder, PullListener listener) {
    this.hub = hub;
    this.commit = commit;
    this.folder = folder;
    this.listener = listener;
  }

  /**
   * Makes the file part of the cached commit; fetches what is missing of it.
   *
   * @throws HubException when the hub does not send it, or sends something else
   * @throws IOException when the cache cannot be written
   * @throws CancellationException when the listener asks for an early end; what came is kept
   */
  void fetch(FileFacts file) throws IOException {
    try (CacheLock lock = CacheLock.of(folder.lock(file.hash()), file.name(), listener)) {
      boolean fresh = !folder.hasBlob(file);
      if (folder.has(commit.revision(), file.name(), file.size())) {
        return;
      }
      if (fresh) {
        fetch(file, lock.isHeld() ? "" : "." + ProcessHandle.current().pid());
      }
      folder.place(commit.revision(), file.name(), file.hash(), fresh);
    }
  }

  private void fetch(FileFacts file, String owner) throws IOException {
    Path blob = folder.blob(file.hash());
    try (PartialBlob partial = PartialBlob.open(folder.partial(file.hash(), owner), file)) {
      boolean resumed = partial.length() > 0;
      fill(partial, file);
      if (partial.finish(blob)) {
        return;
      }
      if (resumed) { // The part that was there may be to blame.
        listener.say("%s is not what the hub has; starting over".formatted(file.name()));
        fill(partial, file);
        if (partial.finish(blob)) {
          return;
        }
      }
      throw new HubException(
          Fault.BAD_ANSWER,
          "expected %s to hash to %s, but what came does not; it was thrown away: try again"
              .formatted(file.name(), file.hash().hex()));
    }
  }

  private void fill(PartialBlob partial, FileFacts file) throws IOException {
    Patience.Tries tries = hub.patience().tries();
    listener.progress(file.name(), partial.length(), file.size());
    while (!partial.isWhole()) {
      requireGoingOn();
      long before = partial.length();
      try {
        attempt(partial, file);
        if (!partial.isWhole()) {
          throw new PassingFault(Fault.NETWORK, hub.host() + " sent too little", null);
        }
      } catch (PassingFault e) {
        if (partial.length() > before) {
          tries.progressed();
        }
        tries.failed(e);
        listener.say("%s: %s; trying again".formatted(file.name(), e.getMessage()));
      }
    }
  }

  private void attempt(PartialBlob partial, FileFacts file) throws IOException {
    HttpResponse<Body> answer = hub.content(commit, file.name(), partial.length());
    try (Body body = answer.body()) {
      if (!continues(answer, partial, file)) {
        partial.restart();
        if (answer.statusCode() != 200) {
          throw new PassingFault(
              Fault.NETWORK, "the hub sent another part of the file than asked for", null);
        }
      }
      byte[] piece = new byte[PIECE];
      for (int n = body.read(piece); n >= 0; n = body.read(piece)) {
        requireGoingOn();
        partial.append(piece, n);
        listener.progress(file.name(), partial.length(), file.size());
      }
    }
  }

  /** Whether the answer goes on where the part on this machine ends. */
  private static boolean continues(HttpResponse<Body> answer, PartialBlob partial, FileFacts file) {
    if (answer.statusCode() == 200) {
      return partial.length() == 0;
    }
    Matcher range = RANGE.matcher(answer.headers().firstValue("Content-Range").orElse(""));
    return range.matches()
        && Long.parseLong(range.group(1)) == partial.length()
        && Long.parseLong(range.group(2)) == file.size();
  }

  private void requireGoingOn() {
    if (listener.stopRequested() || Thread.currentThread().isInterrupted()) {
      throw new CancellationException("stopped while pulling");
    }
  }
}
