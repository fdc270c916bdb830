package dev.cotrace.hub;

import dev.cotrace.hub.HubException.Fault;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What it means when the hub does not answer as asked.
 *
 * <p>Source: the header X-Error-Code and how huggingface_hub reads it (utils/_http.py).
 *
 * @param token whether the user's token was sent
 */
record Refusals(HubSettings settings, boolean token) {
  private static final Set<Integer> PASSING = Set.of(408, 425, 429, 500, 502, 503, 504);

  /**
   * Refuses answers that are not what was asked for.
   *
   * @throws PassingFault when another attempt may help
   * @throws HubException when it will not; what the server wrote is not repeated
   */
  void check(HttpResponse<Body> answer, HubReference asked) throws IOException {
    int status = answer.statusCode();
    if (status == 200 || status == 206) {
      return;
    }
    if (PASSING.contains(status)) {
      throw new PassingFault(
          status == 429 ? Fault.BUSY : Fault.NETWORK,
          "%s answers %s with status %d".formatted(answer.uri().getAuthority(), asked, status),
          pause(answer));
    }
    String code = answer.headers().firstValue("X-Error-Code").orElse("");
    throw switch (code) {
      case "GatedRepo" -> gated(asked);
      case "RepoNotFound" -> noRepository(asked);
      case "RevisionNotFound" -> noRevision(asked);
      case "EntryNotFound" -> noFile(asked);
      case "DisabledRepo" ->
          new HubException(
              Fault.FORBIDDEN,
              "%s was disabled by the hub; take another model".formatted(asked.repository()));
      default -> byStatus(status, asked);
    };
  }

  private HubException byStatus(int status, HubReference asked) {
    return switch (status) {
      case 401 ->
          token
              ? new HubException(
                  Fault.FORBIDDEN,
                  "%s does not take the token that was sent for %s; give another in HF_TOKEN"
                      .formatted(settings.endpoint(), asked.repository()))
              : noRepository(asked);
      case 403 -> gated(asked);
      case 404 -> asked.file() == null ? noRepository(asked) : noFile(asked);
      default ->
          new HubException(
              Fault.BAD_ANSWER,
              "expected %s to send %s, got status %d; see whether HF_ENDPOINT is a hub"
                  .formatted(settings.endpoint().getAuthority(), asked, status));
    };
  }

  private HubException gated(HubReference asked) {
    return new HubException(
        Fault.FORBIDDEN,
        "%s wants its licence accepted: open %s in a browser, accept it, and %s"
            .formatted(
                asked.repository(),
                page(asked),
                token
                    ? "give a token of that account that may read the model in HF_TOKEN"
                    : "set HF_TOKEN to a token of that account"));
  }

  private HubException noRepository(HubReference asked) {
    return new HubException(
        Fault.NO_REPOSITORY,
        "the hub has no model %s%s, or hides it from you; see %s%s"
            .formatted(
                asked.repository(),
                asked.revision().equals(HubReference.MAIN) ? "" : " at " + asked.revision(),
                page(asked),
                token ? "" : ", and if it is private or gated set HF_TOKEN"));
  }

  private HubException noRevision(HubReference asked) {
    return new HubException(
        Fault.NO_REVISION,
        "%s has no branch, tag or commit %s; see %s/tree/main for those it has"
            .formatted(asked.repository(), asked.revision(), page(asked)));
  }

  private HubException noFile(HubReference asked) {
    return new HubException(
        Fault.NO_FILE,
        "%s has no file %s at %s; see %s/tree/main"
            .formatted(asked.repository(), asked.file(), asked.revision(), page(asked)));
  }

  private String page(HubReference asked) {
    return settings.endpoint() + "/" + asked.repository();
  }

  /** What the server asks us to wait: seconds, or until a date. */
  private static @Nullable Duration pause(HttpResponse<Body> answer) {
    String text = answer.headers().firstValue("Retry-After").orElse("");
    if (text.matches("[0-9]{1,9}")) {
      return Duration.ofSeconds(Long.parseLong(text));
    }
    try {
      Instant until = ZonedDateTime.parse(text, DateTimeFormatter.RFC_1123_DATE_TIME).toInstant();
      Duration left = Duration.between(Instant.now(), until);
      return left.isNegative() ? Duration.ZERO : left;
    } catch (DateTimeException e) {
      return null;
    }
  }
}
