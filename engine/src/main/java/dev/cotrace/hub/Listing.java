package dev.cotrace.hub;

import dev.cotrace.hub.HubException.Fault;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The files of one commit.
 *
 * @param commit its full hash
 * @param files all of them, in the server's order
 */
public record Listing(String commit, List<Listed> files) {
  private static final int MOST_FILES = 100_000;
  private static final JsonMapper JSON = new JsonMapper();

  /**
   * A file as the hub lists it.
   *
   * @param name with slashes between directories; it leads nowhere else
   * @param size in bytes; −1 where the hub does not say
   * @param hash what its content hashes to; null where the hub does not say
   */
  public record Listed(String name, long size, @Nullable String hash) {}

  /**
   * Reads the hub's answer.
   *
   * @throws HubException when it is none
   */
  static Listing parse(byte[] answer) throws HubException {
    JsonNode json;
    try {
      json = JSON.readTree(answer);
    } catch (JacksonException e) {
      throw bad("text that is no JSON");
    }
    String commit = json.path("sha").asString("");
    JsonNode siblings = json.path("siblings");
    if (!HubReference.isCommit(commit) || !siblings.isArray()) {
      throw bad("no commit and no files");
    }
    if (siblings.size() > MOST_FILES) {
      throw bad("%,d files, where %,d are the most we read".formatted(siblings.size(), MOST_FILES));
    }
    List<Listed> files = new ArrayList<>();
    Set<String> names = new HashSet<>();
    for (JsonNode sibling : siblings) {
      Listed file = file(sibling);
      if (!names.add(file.name())) {
        throw bad("the file '%s' twice".formatted(file.name()));
      }
      files.add(file);
    }
    return new Listing(commit, List.copyOf(files));
  }

  private static Listed file(JsonNode sibling) throws HubException {
    String name = sibling.path("rfilename").asString("");
    try {
      FileNames.require(name);
    } catch (IllegalArgumentException e) {
      throw bad("a name that could lead out of the cache: " + e.getMessage());
    }
    JsonNode large = sibling.path("lfs");
    String hash = large.path("sha256").asString(sibling.path("blobId").asString(""));
    long size = large.path("size").asLong(sibling.path("size").asLong(-1));
    return new Listed(name, size, ContentHash.isOne(hash) ? hash : null);
  }

  private static HubException bad(String what) {
    return new HubException(
        Fault.BAD_ANSWER,
        "expected the hub to list the files of a commit, got %s; see whether HF_ENDPOINT is a hub"
            .formatted(what));
  }

  /** The file called {@code name}. */
  public Optional<Listed> file(String name) {
    return files.stream().filter(file -> file.name().equals(name)).findFirst();
  }
}
