package dev.cotrace.hub;

import dev.cotrace.hub.HubException.Fault;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The content of an answer as it comes in. Unlike the JDK's stream it gives up when nothing comes.
 */
final class Body implements HttpResponse.BodySubscriber<Body>, AutoCloseable {
  private sealed interface Event {
    record Bytes(List<ByteBuffer> buffers) implements Event {}

    record Broken(Throwable cause) implements Event {}

    record End() implements Event {}
  }

  private final Duration stallTimeout;
  private final BlockingQueue<Event> events = new LinkedBlockingQueue<>();
  private volatile Flow.@Nullable Subscription subscription;
  private volatile boolean closed;
  private List<ByteBuffer> current = List.of();
  private boolean over;

  Body(Duration stallTimeout) {
    this.stallTimeout = stallTimeout;
  }

  /**
   * Waits for bytes and moves some into {@code into}.
   *
   * @return how many, at least one; −1 at the end
   * @throws PassingFault when the connection breaks or nothing comes for too long
   */
  int read(byte[] into) throws PassingFault {
    while (!over) {
      for (ByteBuffer buffer : current) {
        if (buffer.hasRemaining()) {
          int n = Math.min(into.length, buffer.remaining());
          buffer.get(into, 0, n);
          return n;
        }
      }
      switch (next()) {
        case Event.Bytes(List<ByteBuffer> buffers) -> current = buffers;
        case Event.Broken(Throwable cause) ->
            throw new PassingFault(
                Fault.NETWORK, "the hub broke off (%s)".formatted(Requests.reason(cause)), null);
        case Event.End _ -> over = true;
      }
    }
    return -1;
  }

  private Event next() throws PassingFault {
    Flow.Subscription source = subscription;
    if (source != null) {
      source.request(1);
    }
    try {
      Event event = events.poll(stallTimeout.toMillis(), TimeUnit.MILLISECONDS);
      if (event == null) {
        throw new PassingFault(
            Fault.NETWORK,
            "the hub sent nothing for %d s".formatted(stallTimeout.toSeconds()),
            null);
      }
      return event;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CancellationException("interrupted while reading from the hub");
    }
  }

  @Override
  public CompletionStage<Body> getBody() {
    return CompletableFuture.completedFuture(this);
  }

  @Override
  public void onSubscribe(Flow.Subscription source) {
    subscription = source;
    if (closed) {
      source.cancel();
    } else {
      source.request(1); // One ahead of the reader.
    }
  }

  @Override
  public void onNext(List<ByteBuffer> buffers) {
    events.add(new Event.Bytes(buffers));
  }

  @Override
  public void onError(Throwable cause) {
    events.add(new Event.Broken(cause));
  }

  @Override
  public void onComplete() {
    events.add(new Event.End());
  }

  @Override
  public void close() {
    closed = true;
    Flow.Subscription source = subscription;
    if (source != null) {
      source.cancel();
    }
  }
}
