package dev.cotrace.hub;

import dev.cotrace.hub.HubException.Fault;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/** The user's secret; no text shows it. */
public final class HubToken {
  private static final Pattern FORM = Pattern.compile("[\\x21-\\x7e]{1,1000}");

  private final String secret;

  private HubToken(String secret) {
    this.secret = secret;
  }

  /**
   * Finds the token: {@code HF_TOKEN}, else the file that a login left.
   *
   * @param environment variables of the process
   * @param home the user's home directory
   * @throws HubException when there is one but it cannot be a token
   */
  public static Optional<HubToken> of(Map<String, String> environment, Path home)
      throws IOException {
    if (HubSettings.isOn(environment, "HF_HUB_DISABLE_IMPLICIT_TOKEN")) {
      return Optional.empty();
    }
    String said = environment.getOrDefault("HF_TOKEN", "").strip();
    if (!said.isEmpty()) {
      return Optional.of(checked(said, "HF_TOKEN"));
    }
    Path file =
        HubSettings.path(environment, "HF_TOKEN_PATH", home)
            .orElseGet(() -> HubSettings.hubHome(environment, home).resolve("token"));
    if (!Files.isRegularFile(file)) {
      return Optional.empty();
    }
    String stored = Files.readString(file).strip();
    return stored.isEmpty() ? Optional.empty() : Optional.of(checked(stored, file.toString()));
  }

  private static HubToken checked(String secret, String where) throws HubException {
    if (!FORM.matcher(secret).matches()) {
      throw new HubException(
          Fault.FORBIDDEN,
          "expected a token in %s, got a text with spaces or characters that no token has"
              .formatted(where));
    }
    return new HubToken(secret);
  }

  /** The value of the header Authorization. */
  String authorization() {
    return "Bearer " + secret;
  }

  @Override
  public String toString() {
    return "HubToken[hidden]";
  }
}
