package dev.cotrace;

import dev.cotrace.dictionary.Dictionary;
import dev.cotrace.dictionary.DictionaryDescription;
import dev.cotrace.dictionary.Supplement;
import dev.cotrace.feature.Activations;
import dev.cotrace.feature.FeatureContexts;
import dev.cotrace.feature.TrainingData;
import dev.cotrace.model.Model;
import dev.cotrace.task.TaskFile;
import dev.cotrace.task.TextCodec;
import dev.cotrace.task.TokenText;
import dev.cotrace.torch.Placement;
import dev.cotrace.torch.Torch;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What features of a dictionary stand for: the places in a model's own texts where they are most
 * active. All numbers are exact for those texts.
 *
 * @param dictionary where it was read from
 * @param hook TransformerLens' name of where it reads
 * @param hookOut and of where it writes
 * @param features how many it has
 * @param texts how many were looked through
 * @param positions in all of them
 * @param active how many features are active anywhere
 * @param shown the features asked for, or the strongest, strongest first
 */
public record FeatureReport(
    Path dictionary,
    String hook,
    String hookOut,
    long features,
    int texts,
    long positions,
    long active,
    List<Shown> shown) {
  /** How many times as many places are looked for as are shown, because some look alike. */
  private static final int SPARE = 8;

  /**
   * What the files of a dictionary may leave open.
   *
   * @param hook TransformerLens' name of where it reads; null where the files say it
   * @param hookOut of where a transcoder writes; null where the files say it
   * @param inputScale factor of its inputs; null for none
   */
  public record Told(@Nullable String hook, @Nullable String hookOut, @Nullable Double inputScale) {
    private Supplement supplement() {
      return Supplement.of(hook, hookOut, inputScale);
    }
  }

  /**
   * What to show.
   *
   * @param features their numbers, from 0; empty for the strongest
   * @param count how many of the strongest
   * @param contexts how many places of each
   * @param around tokens before and after the active one
   * @param tokens of texts to look through, about
   */
  public record Request(int[] features, int count, int contexts, int around, long tokens) {
    /** Refuses what shows nothing. */
    public Request {
      require("--top", count, 1);
      require("--contexts", contexts, 1);
      require("--around", around, 0);
      require("--tokens", tokens, 1);
    }

    private static void require(String flag, long value, int least) {
      if (value < least) {
        throw new IllegalArgumentException(
            "%s must be at least %d, got %d".formatted(flag, least, value));
      }
    }
  }

  /**
   * A feature.
   *
   * @param feature its number, from 0
   * @param frequency share of positions at which it is active
   * @param mean its activation over all positions
   * @param strength the mean times the norm of what the feature at 1 adds
   * @param places where it is most active, most active first: one a text, and one of those whose
   *     shown tokens are the same up to the active one
   */
  public record Shown(
      int feature, double frequency, double mean, double strength, List<Place> places) {
    /** The mean over positions at which it is active; 0 where there is none. */
    public double meanWhereActive() {
      return frequency == 0 ? 0 : mean / frequency;
    }
  }

  /**
   * A place where a feature is active.
   *
   * @param value its activation
   * @param tokens those around as text, or as ids for a model without a tokenizer
   * @param at which of them is the active one
   * @param written whether the tokens are text
   */
  public record Place(double value, List<String> tokens, int at, boolean written) {}

  /**
   * Looks through texts that the model of {@code spec} writes.
   *
   * @param name folder or file of the dictionary, or {@code hf://org/name/folder}
   * @param told what its files leave open
   * @throws IllegalArgumentException when the dictionary is not for this model
   */
  public static FeatureReport of(
      DiscoverySpec spec, String name, Told told, Request request, DiscoveryListener listener)
      throws IOException {
    TaskFile file = TaskFile.read(Path.of(spec.task()), spec.rows());
    file.notes().forEach(listener::say);
    Torch.threads(spec.attribution().threads());
    Placement placement = TrainingData.placement(new Placement(spec.dtype(), spec.device()));
    ModelSource source = ModelSource.find(spec.model());
    if (name.isBlank()) {
      throw new IllegalArgumentException(
          "expected the folder or file of a dictionary, got an empty name");
    }
    Path path = ModelSource.find(name).path();
    try (Dictionary dictionary = Dictionary.read(path, told.supplement(), placement);
        Model model = Experiment.load(spec, source, listener)) {
      requireFeatures(request.features, dictionary.description().features());
      dictionary.description().requireFor(Activations.shape(model.architecture()));
      @Nullable TextCodec codec = ModelText.of(model, ModelText.chat(spec));
      List<int[]> texts =
          OwnTexts.of(spec, model, codec, file).upTo(request.tokens, listener).stream()
              .map(OwnTexts.Text::ids)
              .toList();
      FeatureContexts contexts =
          FeatureContexts.find(
              dictionary,
              model.decoder(),
              texts,
              Math.multiplyExact(request.contexts, SPARE),
              TrainedDictionary.steps("features of texts", texts.size(), listener));
      return of(dictionary.description(), texts, contexts, request, new TokenText(codec));
    }
  }

  private static void requireFeatures(int[] features, long count) {
    for (int feature : features) {
      if (feature < 0 || feature >= count) {
        throw new IllegalArgumentException(
            "expected --feature from 0 to %d, got %d".formatted(count - 1, feature));
      }
    }
  }

  private static FeatureReport of(
      DictionaryDescription dictionary,
      List<int[]> texts,
      FeatureContexts contexts,
      Request request,
      TokenText text) {
    int[] features =
        request.features.length > 0 ? request.features : contexts.strongest(request.count);
    List<Shown> shown = new ArrayList<>();
    for (int feature : features) {
      Map<List<String>, Place> places = new LinkedHashMap<>();
      for (FeatureContexts.Context context : contexts.of(feature)) {
        Place place = place(context, texts.get(context.sequence()), request.around, text);
        places.putIfAbsent(place.tokens.subList(0, place.at + 1), place);
      }
      shown.add(
          new Shown(
              feature,
              contexts.frequency()[feature],
              contexts.mean()[feature],
              contexts.strength()[feature],
              places.values().stream().limit(request.contexts).toList()));
    }
    long active = Arrays.stream(contexts.frequency()).filter(share -> share > 0).count();
    return new FeatureReport(
        dictionary.path(),
        dictionary.input().hook(),
        dictionary.output().hook(),
        dictionary.features(),
        texts.size(),
        contexts.positions(),
        active,
        shown);
  }

  private static Place place(
      FeatureContexts.Context context, int[] ids, int around, TokenText text) {
    int first = Math.max(0, context.position() - around);
    int end = (int) Math.min(ids.length, context.position() + 1L + around);
    int[] some = Arrays.copyOfRange(ids, first, end);
    List<String> strings = text.strings(some);
    return new Place(
        context.value(),
        strings.isEmpty() ? IntStream.of(some).mapToObj(String::valueOf).toList() : strings,
        context.position() - first,
        !strings.isEmpty());
  }

  /** This as JSON, in one line. */
  public String json() {
    ObjectNode json = new JsonMapper().createObjectNode();
    json.put("dictionary", dictionary.toString());
    json.put("hook", hook).put("hook_out", hookOut);
    json.put("features", features).put("active_features", active);
    json.put("texts", texts).put("positions", positions);
    ArrayNode list = json.putArray("shown");
    for (Shown each : shown) {
      ObjectNode one = list.addObject().put("feature", each.feature);
      one.put("frequency", each.frequency).put("mean", each.mean).put("strength", each.strength);
      one.put("mean_where_active", each.meanWhereActive());
      ArrayNode places = one.putArray("contexts");
      for (Place place : each.places) {
        ObjectNode context = places.addObject().put("value", place.value).put("at", place.at);
        place.tokens.forEach(context.putArray("tokens")::add);
      }
    }
    return json.toString();
  }
}
