package dev.cotrace.hub;

import dev.cotrace.hub.HubException.Fault;
import dev.cotrace.hub.Listing.Listed;
import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Which files of a repository to pull.
 *
 * @param include patterns of names in which {@code *} stands for any text and {@code ?} for any
 *     character; empty for what a model needs
 * @param gguf the GGUF file to take; null to take safetensors, or the only GGUF file
 */
public record FileChoice(List<String> include, @Nullable String gguf) {
  /** What a model needs. */
  public static final FileChoice MODEL = new FileChoice(List.of(), null);

  /** The files beside the weights, of which a model may have any. */
  static final List<String> DESCRIPTIONS =
      List.of(
          "config.json",
          "generation_config.json",
          "tokenizer.json",
          "tokenizer_config.json",
          "special_tokens_map.json",
          "added_tokens.json",
          "chat_template.jinja");

  private static final String WHOLE = "model.safetensors";
  private static final String INDEX = "model.safetensors.index.json";
  private static final Pattern PART = Pattern.compile("-\\d{5}-of-\\d{5}(?=\\.gguf$)");
  private static final Pattern SHARD = Pattern.compile("model-\\d{5}-of-\\d{5}\\.safetensors");

  /** Formats that run code of whoever wrote them as they are read. */
  private static final Pattern PICKLE =
      Pattern.compile(".*\\.(bin|pt|pth|pkl|pickle|ckpt|joblib|msgpack|h5)");

  /** Refuses both ways of choosing at once. */
  public FileChoice {
    include = List.copyOf(include);
    if (gguf != null && !include.isEmpty()) {
      throw new IllegalArgumentException("give --include or --gguf, not both");
    }
  }

  /**
   * Chooses.
   *
   * @throws HubException when there is no model that Cotrace could read, or more than one
   */
  List<Listed> of(Listing listing, HubReference reference) throws HubException {
    List<Listed> chosen = weights(listing, reference);
    return include.isEmpty()
        ? listing.files().stream()
            .filter(file -> DESCRIPTIONS.contains(file.name()) || chosen.contains(file))
            .toList()
        : chosen;
  }

  private List<Listed> weights(Listing listing, HubReference reference) throws HubException {
    if (!include.isEmpty()) {
      return included(listing, reference);
    }
    if (gguf != null && !gguf.endsWith(".gguf")) {
      throw new HubException(
          Fault.NO_FILE, "expected --gguf to name a .gguf file, got '%s'".formatted(gguf));
    }
    if (gguf != null) {
      Listed named = listing.file(gguf).orElseThrow(() -> noSuchGguf(listing, reference));
      return named(listing, name -> model(name).equals(model(named.name())));
    }
    List<Listed> safetensors =
        named(listing, name -> name.equals(INDEX) || SHARD.matcher(name).matches());
    boolean sharded =
        safetensors.size() > 1 && safetensors.stream().anyMatch(file -> file.name().equals(INDEX));
    if (sharded) {
      return safetensors;
    }
    if (listing.file(WHOLE).isPresent()) {
      return List.of(listing.file(WHOLE).get());
    }
    List<Listed> ggufs = named(listing, name -> name.endsWith(".gguf"));
    if (ggufs.stream().map(file -> model(file.name())).distinct().count() == 1) {
      return ggufs;
    }
    throw ggufs.isEmpty() ? nothingToRead(listing, reference) : several(ggufs, reference);
  }

  /** The name that all parts of a GGUF model share; of a model in one file its own. */
  private static String model(String file) {
    return PART.matcher(file).replaceFirst("");
  }

  private List<Listed> included(Listing listing, HubReference reference) throws HubException {
    List<Pattern> patterns = include.stream().map(FileChoice::pattern).toList();
    List<Listed> chosen =
        named(listing, name -> patterns.stream().anyMatch(p -> p.matcher(name).matches()));
    List<Listed> safe = chosen.stream().filter(file -> !isPickle(file.name())).toList();
    if (safe.isEmpty()) {
      throw chosen.isEmpty()
          ? new HubException(
              Fault.NO_FILE,
              "%s has no file like %s; it has %s"
                  .formatted(reference, String.join(" or ", include), names(listing.files())))
          : pickled(chosen, reference);
    }
    return safe;
  }

  private HubException noSuchGguf(Listing listing, HubReference reference) {
    List<Listed> there = named(listing, name -> name.endsWith(".gguf"));
    return new HubException(
        Fault.NO_FILE,
        "%s has no file %s; its GGUF files are %s"
            .formatted(reference, gguf, there.isEmpty() ? "none" : names(there)));
  }

  private static HubException several(List<Listed> ggufs, HubReference reference) {
    return new HubException(
        Fault.NO_MODEL,
        "%s has %d GGUF files and no safetensors; choose one with --gguf: %s"
            .formatted(reference, ggufs.size(), names(ggufs)));
  }

  private static HubException nothingToRead(Listing listing, HubReference reference) {
    List<Listed> pickles = named(listing, FileChoice::isPickle);
    return pickles.isEmpty()
        ? new HubException(
            Fault.NO_MODEL,
            "%s has no model.safetensors, no shards of one and no GGUF file at its top; it has %s"
                .formatted(reference, names(listing.files())))
        : pickled(pickles, reference);
  }

  private static HubException pickled(List<Listed> pickles, HubReference reference) {
    String name = reference.repository().text();
    return new HubException(
        Fault.NO_MODEL,
        """
        %s has its weights pickled only (%s), and reading those runs code of whoever made them; if you trust it, \
        convert it with python -c "from transformers import AutoModelForCausalLM as M, AutoTokenizer as T; \
        M.from_pretrained('%s', revision='%s').save_pretrained('DIR'); \
        T.from_pretrained('%s', revision='%s').save_pretrained('DIR')" and give --model DIR\
        """
            .formatted(
                reference, names(pickles), name, reference.revision(), name, reference.revision()));
  }

  private static boolean isPickle(String name) {
    return PICKLE.matcher(name.toLowerCase(Locale.ROOT)).matches();
  }

  private static List<Listed> named(Listing listing, Predicate<String> name) {
    return listing.files().stream().filter(file -> name.test(file.name())).toList();
  }

  /** Some names, with sizes where they are known. */
  private static String names(List<Listed> files) {
    int most = 12;
    Stream<String> shown =
        files.stream()
            .limit(most)
            .map(file ->
                file.size() < 0 ? file.name() : file.name() + " (" + Pull.size(file.size()) + ")");
    return shown.collect(Collectors.joining(", "))
        + (files.size() > most ? " and %d more".formatted(files.size() - most) : "");
  }

  private static Pattern pattern(String glob) {
    String quoted =
        Stream.of(glob.split("(?<=[*?])|(?=[*?])"))
            .map(part ->
                switch (part) {
                  case "*" -> ".*";
                  case "?" -> ".";
                  default -> Pattern.quote(part);
                })
            .collect(Collectors.joining());
    return Pattern.compile(quoted);
  }
}
