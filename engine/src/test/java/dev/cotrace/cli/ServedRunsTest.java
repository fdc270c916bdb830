package dev.cotrace.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cotrace.serve.RunServer;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The local server, by a browser and by those who would misuse it. */
class ServedRunsTest {
  private static final Path ROOT = Path.of(System.getProperty("cotrace.root", ".."));

  @TempDir Path folder;
  private Path runs = Path.of("");
  private RunServer server;

  @BeforeEach
  void start() throws IOException {
    runs = Files.createDirectory(folder.resolve("runs"));
    Files.writeString(folder.resolve("secret.txt"), "secret");
    server = RunServer.start(runs, InetAddress.getLoopbackAddress(), 0);
  }

  @AfterEach
  void stop() {
    server.close();
  }

  /** What the server says to the very text of a request. */
  private String ask(String request) throws IOException {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
      socket.getOutputStream().write(request.getBytes(StandardCharsets.UTF_8));
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private String get(String path, String host) throws IOException {
    return ask("GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n".formatted(path, host));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/run/../secret.txt",
        "/run/..%2Fsecret.txt",
        "/run/%2e%2e/secret.txt",
        "/run/..%5Csecret.txt",
        "/run/linked",
        "/run//etc/passwd",
        "/run/%00",
        "/../secret.txt",
        "/progress/..%2F",
        "/secret.txt",
      })
  void namesLeadToRunsOnly(String path) throws IOException {
    Path outside = Files.createDirectory(folder.resolve("outside"));
    for (String name : List.of("spec.yaml", "metrics.json", "scores.safetensors")) {
      Files.writeString(outside.resolve(name), "{}");
    }
    Files.createSymbolicLink(runs.resolve("linked"), outside);
    assertThat(get(path, "localhost")).startsWith("HTTP/1.1 404").doesNotContain("secret\n");
  }

  @ParameterizedTest
  @CsvSource({
    "evil.example, 403",
    "127.0.0.1.evil.example, 403",
    "localhost:1, 200",
    "127.0.0.1, 200",
    "[::1]:9, 200"
  })
  void aPageElsewhereDoesNotReachItUnderANameOfItsOwn(String host, int code) throws IOException {
    assertThat(get("/runs", host)).startsWith("HTTP/1.1 " + code);
  }

  @Test
  void aDamagedRunDoesNotHideTheOthers() throws IOException {
    for (String run : List.of("sound", "torn")) {
      Path directory = Files.createDirectory(runs.resolve(run));
      for (String name : List.of("spec.yaml", "metrics.json", "scores.safetensors")) {
        Files.writeString(directory.resolve(name), "{\"objective\": \"kl\"}");
      }
    }
    Files.writeString(runs.resolve("torn/metrics.json"), "{\"objective\": ");
    assertThat(get("/runs", "localhost"))
        .startsWith("HTTP/1.1 200")
        .contains("\"problem\":\"metrics.json is damaged\"", "\"objective\":\"kl\"");
    assertThat(get("/run/torn", "localhost")).startsWith("HTTP/1.1 422");
  }

  @Test
  void nothingIsWrittenAndLongRequestsAreRefused() throws IOException {
    for (String method : List.of("POST", "PUT", "DELETE", "OPTIONS", "PATCH")) {
      assertThat(
              ask(
                  method
                      + " / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"))
          .startsWith("HTTP/1.1 405");
    }
    assertThat(get("/", "localhost"))
        .contains("X-frame-options: DENY", "X-content-type-options: nosniff")
        .contains("default-src 'none'")
        .doesNotContain("Access-control-allow-origin");
    String headers =
        IntStream.range(0, 500).mapToObj("X-%d: b\r\n"::formatted).collect(Collectors.joining());
    assertThat(ask("GET / HTTP/1.1\r\nHost: localhost\r\n" + headers + "\r\n")).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          --host 0.0.0.0        | would let other machines read all runs
          --host nowhere.invalid| must be an address of this machine
          --port 70000          | --port must be from 0 to 65535
          --port web            | expected a whole number, got 'web'
          """)
  void whatItCannotOrShouldNotListenAtIsRefused(String options, String said) {
    StringWriter err = new StringWriter();
    String[] arguments = ("serve " + runs + " " + options.strip()).split(" ");
    int code =
        Main.commandLine(new Interruption()).setErr(new PrintWriter(err, true)).execute(arguments);
    assertThat(code).isEqualTo(2);
    assertThat(err.toString()).contains(said);
  }

  @Test
  void aRunInProgressIsFollowedUntilItIsComplete() throws IOException {
    Assumptions.assumeTrue(Browser.available(), "there is no Chromium with its driver here");
    Path done = folder.resolve("done");
    String model = ROOT.resolve("goldens/transformers/llama-gqa-tied").toString();
    Path task =
        Files.writeString(
            folder.resolve("t.jsonl"),
            """
            {"clean_ids": [3, 4, 5], "corrupted_ids": [3, 9, 5], "answer_ids": [7]}
            {"clean_ids": [6, 4], "corrupted_ids": [6, 2], "answer_ids": [9]}
            """);
    int code =
        Main.commandLine(new Interruption())
            .setOut(new PrintWriter(new StringWriter()))
            .setErr(new PrintWriter(new StringWriter()))
            .execute(
                "discover",
                "--model",
                model,
                "--task",
                task + "",
                "--points",
                "15",
                "--rollouts",
                "2",
                "--max-new-tokens",
                "3",
                "--out",
                done + "");
    assertThat(code).isZero();
    Path live = Files.createDirectory(runs.resolve("new <i>.incomplete"));
    for (String name : List.of("spec.yaml", "log.txt")) {
      Files.copy(done.resolve(name), live.resolve(name));
    }
    List<String> lines = Files.readAllLines(done.resolve("rollouts.jsonl"));
    Path rollouts = live.resolve("rollouts.jsonl");
    Files.write(rollouts, lines.subList(0, 6));
    try (Browser browser = Browser.open(folder)) {
      String home = "http://127.0.0.1:%d/".formatted(server.port());
      browser.go(home);
      browser.await("#runs a", "new <i>");
      browser.picture("serve", 1280);
      browser.press("#runs a");
      browser.await("#subtitle", "rollouts");
      String before = browser.find("#subtitle").getText();
      // Half a line is not read before its end is there.
      String next = lines.get(6);
      Files.writeString(rollouts, next.substring(0, 40), StandardOpenOption.APPEND);
      Files.writeString(rollouts, next.substring(40) + "\n", StandardOpenOption.APPEND);
      Files.write(rollouts, lines.subList(7, lines.size()), StandardOpenOption.APPEND);
      long all = lines.stream().filter(line -> line.contains("\"kind\":\"rollout\"")).count();
      browser.await("#subtitle", all + " rollouts");
      // Groups of both circuits, the run's and the random one, are under one name.
      assertThat(browser.find("#progress").getText())
          .containsPattern("gradients at 15 gate values \\d+ (\\d+) \\1")
          .containsPattern("circuit of \\d+ edges \\d+ 4 4");
      assertThat(before).isNotEqualTo(browser.find("#subtitle").getText());
      browser.picture("serve-live", 1280);
      Files.move(done, runs.resolve("new <i>"));
      browser.await("h2", "Overview");
      assertThat(browser.find("h1").getText()).isEqualTo("new <i>");
      assertThat(browser.complaints()).isEmpty();
      assertThat(browser.requests()).allMatch(url -> url.startsWith(home));
    }
  }
}
