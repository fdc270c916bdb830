package dev.cotrace.hub;

import dev.cotrace.format.AtomicFile;
import dev.cotrace.hub.Hub.FileFacts;
import dev.cotrace.hub.HubException.Fault;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.UUID;

/**
 * The folder of one repository in the cache, for writing.
 *
 * @param cache the directory of all repositories
 * @param name of this one
 * @param links whether to make symbolic links where the file system has them
 */
record RepositoryFolder(Path cache, RepositoryName name, boolean links) {
  /** By which backup programs know a cache (bford.info/cachedir). */
  private static final String TAG =
      "Signature: 8a477f597d28d172789f06886806bc55\n# Models of the Hugging Face hub.\n";

  private Path folder() {
    return cache.resolve(name.folder());
  }

  /** Where content lies; {@code hash} is its name. */
  Path blob(ContentHash hash) {
    return folder().resolve("blobs").resolve(hash.hex());
  }

  /** Where content grows. The name is ours alone: Python's locks do not hold ours off. */
  Path partial(ContentHash hash, String owner) {
    return folder().resolve("blobs").resolve(hash.hex() + ".cotrace" + owner + ".incomplete");
  }

  /** The file that whoever writes a blob locks. */
  Path lock(ContentHash hash) {
    return cache.resolve(".locks").resolve(name.folder()).resolve(hash.hex() + ".lock");
  }

  /** Whether a file of a commit is there in full. */
  boolean has(String commit, String file, long size) throws IOException {
    Path path = snapshot(commit).resolve(file);
    return Files.isRegularFile(path) && Files.size(path) == size;
  }

  /** Bytes of a file's content that are not here in any form. */
  long missing(FileFacts file) throws IOException {
    Path partial = partial(file.hash(), "");
    if (hasBlob(file)) {
      return 0;
    }
    return Files.isRegularFile(partial)
        ? Math.max(0, file.size() - Files.size(partial))
        : file.size();
  }

  /** Whether a file's content is here, for whatever commit. */
  boolean hasBlob(FileFacts file) throws IOException {
    Path blob = blob(file.hash());
    return Files.isRegularFile(blob) && Files.size(blob) == file.size();
  }

  /** Makes the directories and the mark of a cache. */
  void prepare() throws IOException {
    Files.createDirectories(folder().resolve("blobs"));
    Path tag = cache.resolve("CACHEDIR.TAG");
    if (Files.notExists(tag)) {
      write(tag, TAG);
    }
  }

  /**
   * Makes {@code file} of {@code commit} out of its blob.
   *
   * @param fresh whether nothing else can need the blob: without links it is then moved, as
   *     huggingface_hub does
   */
  void place(String commit, String file, ContentHash hash, boolean fresh) throws IOException {
    Path directory = directory(commit, file);
    Path target = directory.resolve(file.substring(file.lastIndexOf('/') + 1));
    Path blob = blob(hash);
    if (links && linked(target, directory.relativize(blob))) {
      return;
    }
    if (fresh) {
      Files.move(blob, target, StandardCopyOption.ATOMIC_MOVE);
      return;
    }
    Path temporary = temporary(target);
    try {
      Files.copy(blob, temporary);
      Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(temporary);
    }
  }

  /** Says which commit a branch or tag is. */
  void refer(String revision, String commit) throws IOException {
    if (!HubReference.isCommit(revision)) {
      Path ref = folder().resolve("refs").resolve(revision);
      Files.createDirectories(ref.getParent());
      write(ref, commit);
    }
  }

  /** Says that {@code commit} has no {@code file}, so that nobody asks again. */
  void markMissing(String commit, String file) throws IOException {
    Path mark = folder().resolve(".no_exist").resolve(commit).resolve(file);
    if (Files.notExists(mark)) {
      Files.createDirectories(mark.getParent());
      write(mark, "");
    }
  }

  private Path snapshot(String commit) {
    return folder().resolve("snapshots").resolve(commit);
  }

  /** The directory that {@code file} goes to, made; no part of it may be a link to elsewhere. */
  private Path directory(String commit, String file) throws IOException {
    Path at = snapshot(commit);
    String[] parts = file.split("/");
    for (String part : Arrays.copyOf(parts, parts.length - 1)) {
      at = at.resolve(part);
      if (Files.exists(at, LinkOption.NOFOLLOW_LINKS)
          && !Files.isDirectory(at, LinkOption.NOFOLLOW_LINKS)) {
        throw new HubException(
            Fault.STORAGE,
            "expected %s to be a directory of the cache, but it is a file or a link; remove it"
                .formatted(at));
      }
    }
    return Files.createDirectories(at);
  }

  /** Links {@code target} to {@code content} next door; false where there are no links. */
  private static boolean linked(Path target, Path content) throws IOException {
    Path temporary = temporary(target);
    try {
      Files.createSymbolicLink(temporary, content);
    } catch (UnsupportedOperationException | FileSystemException e) {
      return false;
    }
    Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
    return true;
  }

  private static Path temporary(Path target) {
    return target.resolveSibling(
        ".%s.%s.incomplete".formatted(target.getFileName(), UUID.randomUUID()));
  }

  private static void write(Path file, String text) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
    AtomicFile.write(
        file,
        channel -> {
          while (bytes.hasRemaining()) {
            channel.write(bytes);
          }
        });
  }
}
