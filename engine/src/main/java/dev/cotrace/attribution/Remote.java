package dev.cotrace.attribution;

import java.io.IOException;
import java.util.List;

/** Processes elsewhere that run tasks, each by {@link RemoteTask#run}. */
public interface Remote {
  /** Takes what a task gave. */
  interface Sink {
    /** Of the task at {@code index}; tasks end in any order, each once. */
    void accept(int index, byte[] result) throws IOException;
  }

  /** Tasks that keep all processes busy and are not too few to make up for slow ones. */
  int tasks();

  /** Runs {@code tasks}, and hands over what they gave as they end, on the calling thread. */
  void run(List<byte[]> tasks, Sink sink) throws IOException;
}
