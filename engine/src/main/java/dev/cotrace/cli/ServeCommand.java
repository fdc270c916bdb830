package dev.cotrace.cli;

import dev.cotrace.serve.RunServer;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.json.JsonMapper;

/** Runs in a browser. */
@Command(
    name = "serve",
    description = {
      "Shows the runs of a directory in a browser: opens their pages, and follows those in progress."
    },
    mixinStandardHelpOptions = true,
    sortOptions = false,
    abbreviateSynopsis = true,
    footer = {
      "",
      "Ends with Ctrl-C. From a machine of your own, ssh -L 8600:localhost:8600 HOST reaches it on HOST.",
      "",
      "Examples",
      "  cotrace serve",
      "  cotrace serve /data/runs --port 9000"
    })
final class ServeCommand implements Callable<Integer> {
  private static final int LARGEST_PORT = 65_535;
  private static final long LOOK_MILLIS = 200;

  @Parameters(
      paramLabel = "DIR",
      arity = "0..1",
      defaultValue = "runs",
      description = "Directory of runs. Default: ${DEFAULT-VALUE}.")
  private Path directory = Path.of("runs");

  @Option(
      names = "--port",
      paramLabel = "N",
      defaultValue = "8600",
      description = "Where to listen; 0 for any that is free. Default: ${DEFAULT-VALUE}.")
  private int port;

  @Option(
      names = "--host",
      paramLabel = "ADDRESS",
      defaultValue = "127.0.0.1",
      description = "Address to listen at; others than this machine's own need --allow-remote.")
  private String host = "";

  @Option(
      names = "--allow-remote",
      description = "Let other machines read all runs here: nobody is asked who they are.")
  private boolean allowRemote;

  @Mixin private final OutputOptions output = new OutputOptions();

  @Override
  public Integer call() throws IOException {
    if (!Files.isDirectory(directory)) {
      throw new IllegalArgumentException(
          "%s is not a directory; give the one that your runs are in".formatted(directory));
    }
    if (port < 0 || port > LARGEST_PORT) {
      throw new IllegalArgumentException(
          "--port must be from 0 to %d, got %d".formatted(LARGEST_PORT, port));
    }
    try (RunServer server = RunServer.start(directory, address(), port)) {
      tell("http://%s:%d/".formatted(host.contains(":") ? "[" + host + "]" : host, server.port()));
      while (!output.main().interruption().requested()) {
        Thread.sleep(LOOK_MILLIS);
      }
    } catch (BindException e) {
      throw new IllegalArgumentException(
          "cannot listen at %s, port %d (%s): give another --port, or 0 for any"
              .formatted(host, port, e.getMessage()),
          e);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
    return 0;
  }

  private InetAddress address() {
    InetAddress address;
    try {
      address = InetAddress.getByName(host);
    } catch (UnknownHostException e) {
      throw new IllegalArgumentException(
          "--host must be an address of this machine, got '%s'".formatted(host), e);
    }
    if (!address.isLoopbackAddress() && !allowRemote) {
      throw new IllegalArgumentException(
          "--host %s would let other machines read all runs in %s: add --allow-remote if they may"
              .formatted(host, directory));
    }
    return address;
  }

  private void tell(String url) {
    output.main().interruption().leaving("the server has ended");
    if (output.json()) {
      output.out().println(new JsonMapper().createObjectNode().put("url", url));
      output.out().flush();
    }
    output.prose().printf("%s shows the runs in %s; Ctrl-C ends it%n", url, directory);
    output.prose().flush();
  }
}
