package dev.cotrace.hub;

import dev.cotrace.hub.Hub.FileFacts;
import dev.cotrace.hub.HubException.Fault;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;

/** A file that grows until it is whole; what is there counts when it is opened again. */
final class PartialBlob implements AutoCloseable {
  private static final int PIECE = 1 << 20;

  private final Path path;
  private final FileFacts facts;
  private final FileChannel channel;
  private MessageDigest digest;
  private long length;

  private PartialBlob(Path path, FileFacts facts, FileChannel channel) {
    this.path = path;
    this.facts = facts;
    this.channel = channel;
    digest = facts.hash().digest(facts.size());
  }

  /** Opens {@code path} for the content that {@code facts} are about. */
  static PartialBlob open(Path path, FileFacts facts) throws IOException {
    FileChannel channel =
        FileChannel.open(
            path, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
    PartialBlob blob = new PartialBlob(path, facts, channel);
    try {
      blob.readBack();
      return blob;
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  /** Bytes that are there. */
  long length() {
    return length;
  }

  boolean isWhole() {
    return length == facts.size();
  }

  /**
   * Adds the first {@code count} of {@code bytes}.
   *
   * @throws HubException when there would be more than the hub said
   */
  void append(byte[] bytes, int count) throws IOException {
    if (count > facts.size() - length) {
      restart();
      throw new HubException(
          Fault.BAD_ANSWER,
          "expected %,d bytes of %s, got more; try again".formatted(facts.size(), facts.name()));
    }
    ByteBuffer buffer = ByteBuffer.wrap(bytes, 0, count);
    while (buffer.hasRemaining()) {
      channel.write(buffer, length + buffer.position());
    }
    digest.update(bytes, 0, count);
    length += count;
  }

  /** Forgets all that is there. */
  void restart() throws IOException {
    channel.truncate(0);
    length = 0;
    digest = facts.hash().digest(facts.size());
  }

  /**
   * Ends a whole file: moves it to {@code target} once it is on the disk.
   *
   * @return false, with nothing left, when the content is not what the hub said
   */
  boolean finish(Path target) throws IOException {
    if (!facts.hash().matches(digest)) {
      restart();
      return false;
    }
    channel.force(true);
    channel.close(); // Windows moves no open file.
    Files.move(path, target, StandardCopyOption.ATOMIC_MOVE);
    return true;
  }

  private void readBack() throws IOException {
    if (channel.size() > facts.size()) {
      channel.truncate(0);
    }
    ByteBuffer piece = ByteBuffer.allocate(PIECE);
    for (int n = channel.read(piece, 0); n > 0; n = channel.read(piece, length)) {
      digest.update(piece.array(), 0, n);
      length += n;
      piece.clear();
    }
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
