package dev.cotrace;

import dev.cotrace.attribution.Layout;
import dev.cotrace.attribution.RemoteTask;
import dev.cotrace.attribution.Workload;
import dev.cotrace.hub.FileChoice;
import dev.cotrace.hub.Hub;
import dev.cotrace.hub.HubReference;
import dev.cotrace.hub.HubSettings;
import dev.cotrace.hub.HubToken;
import dev.cotrace.hub.Pull;
import dev.cotrace.hub.PullListener;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A process that does tasks of a run for another one. It loads model and task once, however many
 * tasks come, and has them until it ends: the model from its path, mapped into memory, or from the
 * hub, fetched if it is not there yet.
 */
public final class RemoteWorker {
  private static final Map<Order, RemoteWorker> WORKERS = new HashMap<>();

  private final Workload work;

  /**
   * What a worker is to work on.
   *
   * @param spec the specification as YAML, as {@link SpecYaml#text} writes it
   * @param layout of the work in this process
   */
  public record Order(String spec, Layout layout) {}

  private RemoteWorker(Order order) throws IOException {
    DiscoverySpec spec = spec(order.spec);
    fetch(spec.model());
    work = Experiment.open(spec, DiscoveryListener.SILENT).workload().with(order.layout);
  }

  /** The one worker of this process for {@code order}. */
  public static RemoteWorker of(Order order) throws IOException {
    synchronized (WORKERS) {
      RemoteWorker worker = WORKERS.get(order);
      if (worker == null) {
        worker = new RemoteWorker(order);
        WORKERS.put(order, worker);
      }
      return worker;
    }
  }

  /** Does {@code task}, and returns what came of it; several threads may call this. */
  public byte[] run(byte[] task) throws IOException {
    return RemoteTask.run(task, work);
  }

  private static DiscoverySpec spec(String text) throws IOException {
    Path file = Files.createTempFile("cotrace-", ".yaml");
    try {
      Files.writeString(file, text);
      return SpecYaml.read(file, Map.of());
    } finally {
      Files.delete(file);
    }
  }

  private static void fetch(String model) throws IOException {
    Optional<HubReference> reference = HubReference.parse(model);
    if (ModelSource.local(model).isPresent() || reference.isEmpty()) {
      return;
    }
    Map<String, String> environment = System.getenv();
    Path home = Path.of(System.getProperty("user.home", ""));
    HubSettings settings = HubSettings.of(environment, home);
    try (Hub hub = new Hub(settings, HubToken.of(environment, home))) {
      FileChoice choice = new FileChoice(List.of(), reference.get().file());
      Pull.plan(hub, settings, reference.get(), choice).run(PullListener.SILENT);
    }
  }
}
