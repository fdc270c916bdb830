package dev.cotrace.hub;

import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What the environment says about the hub, in the variables of Python's huggingface_hub.
 *
 * @param endpoint the server, without a slash at the end ({@code HF_ENDPOINT})
 * @param cache the directory of cached repositories ({@code HF_HUB_CACHE}, {@code
 *     HUGGINGFACE_HUB_CACHE}, {@code HF_HOME}, {@code XDG_CACHE_HOME})
 * @param offline whether to ask the server nothing ({@code HF_HUB_OFFLINE}, {@code
 *     TRANSFORMERS_OFFLINE})
 * @param links whether the cache may hold symbolic links ({@code HF_HUB_DISABLE_SYMLINKS})
 * @param answerTimeout for an answer to begin ({@code HF_HUB_ETAG_TIMEOUT})
 * @param stallTimeout for the next bytes to come ({@code HF_HUB_DOWNLOAD_TIMEOUT})
 */
public record HubSettings(
    URI endpoint,
    Path cache,
    boolean offline,
    boolean links,
    Duration answerTimeout,
    Duration stallTimeout) {
  private static final String ENDPOINT = "https://huggingface.co";
  private static final Duration TIMEOUT = Duration.ofSeconds(10);
  private static final Set<String> ON = Set.of("1", "ON", "YES", "TRUE");

  /**
   * Reads the settings.
   *
   * @param environment variables of the process; an empty one counts as unset
   * @param home the user's home directory
   * @throws IllegalArgumentException when a variable cannot be used; it is named
   */
  public static HubSettings of(Map<String, String> environment, Path home) {
    Path cache =
        path(environment, "HF_HUB_CACHE", home)
            .or(() -> path(environment, "HUGGINGFACE_HUB_CACHE", home))
            .orElseGet(() -> hubHome(environment, home).resolve("hub"));
    return new HubSettings(
        endpoint(said(environment, "HF_ENDPOINT").orElse(ENDPOINT)),
        cache,
        isOn(environment, "HF_HUB_OFFLINE") || isOn(environment, "TRANSFORMERS_OFFLINE"),
        !isOn(environment, "HF_HUB_DISABLE_SYMLINKS"),
        seconds(environment, "HF_HUB_ETAG_TIMEOUT"),
        seconds(environment, "HF_HUB_DOWNLOAD_TIMEOUT"));
  }

  /** The settings of this process. */
  public static HubSettings ofProcess() {
    return of(System.getenv(), Path.of(System.getProperty("user.home", "")));
  }

  /** The directory that holds the cache and the token where nothing else is said. */
  static Path hubHome(Map<String, String> environment, Path home) {
    return path(environment, "HF_HOME", home)
        .orElseGet(() ->
            path(environment, "XDG_CACHE_HOME", home)
                .orElse(home.resolve(".cache"))
                .resolve("huggingface"));
  }

  /** The path in a variable; {@code ~} at its beginning is the home directory. */
  static Optional<Path> path(Map<String, String> environment, String name, Path home) {
    return said(environment, name)
        .map(text ->
            text.equals("~") || text.startsWith("~/")
                ? home.resolve(text.substring(Math.min(2, text.length())))
                : Path.of(text));
  }

  /** Whether a variable says yes. */
  static boolean isOn(Map<String, String> environment, String name) {
    return ON.contains(environment.getOrDefault(name, "").toUpperCase(Locale.ROOT));
  }

  private static Optional<String> said(Map<String, String> environment, String name) {
    return Optional.ofNullable(environment.get(name)).filter(text -> !text.isBlank());
  }

  private static Duration seconds(Map<String, String> environment, String name) {
    Optional<String> text = said(environment, name);
    if (text.isEmpty()) {
      return TIMEOUT;
    }
    if (!text.get().matches("[1-9][0-9]{0,5}")) {
      throw new IllegalArgumentException(
          "expected a whole number of seconds in %s, got '%s'".formatted(name, text.get()));
    }
    return Duration.ofSeconds(Long.parseLong(text.get()));
  }

  private static URI endpoint(String text) {
    try {
      URI uri = new URI(text.replaceFirst("/+$", ""));
      boolean web = "https".equals(uri.getScheme()) || "http".equals(uri.getScheme());
      if (web && uri.getHost() != null && uri.getRawUserInfo() == null && isPlain(uri)) {
        return uri;
      }
    } catch (URISyntaxException e) {
      // Answered below, like every other text that is no endpoint.
    }
    throw new IllegalArgumentException(
        "expected HF_ENDPOINT to be a server such as %s, without a password, got another text"
            .formatted(ENDPOINT));
  }

  private static boolean isPlain(URI uri) {
    return uri.getRawQuery() == null && uri.getRawFragment() == null;
  }
}
