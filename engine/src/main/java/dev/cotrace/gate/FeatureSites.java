package dev.cotrace.gate;

import dev.cotrace.circuit.ComputationGraph;
import dev.cotrace.circuit.Level;
import dev.cotrace.circuit.Part;
import dev.cotrace.circuit.Pieces;
import dev.cotrace.dictionary.Dictionary;
import dev.cotrace.dictionary.DictionaryDescription;
import dev.cotrace.dictionary.Site;
import dev.cotrace.feature.Activations;
import dev.cotrace.model.Decoder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The dictionaries whose features parts of a model are cut into. */
public final class FeatureSites {
  /** No dictionary: every part is whole. */
  static final FeatureSites NONE = new FeatureSites();

  private final Map<Integer, FeatureSite> heads = new HashMap<>(); // by layer
  private final Map<Integer, FeatureSite> mlps = new HashMap<>();
  private final SortedMap<Integer, FeatureSite> cuts = new TreeMap<>(); // by writers before

  private FeatureSites() {}

  /**
   * Dictionaries for one model.
   *
   * @param dictionaries which must outlive this
   * @throws IllegalArgumentException when one does not belong to the model, or to what is written
   *     into its stream, or when two cut the same part
   */
  public static FeatureSites of(Decoder decoder, List<Dictionary> dictionaries) {
    FeatureSites sites = new FeatureSites();
    for (Dictionary dictionary : dictionaries) {
      DictionaryDescription description = dictionary.description();
      description.requireFor(Activations.shape(decoder.architecture()));
      Activations.require(description.output(), decoder.architecture());
      requireWritten(description, decoder);
      sites.add(new FeatureSite(decoder, dictionary), description);
    }
    if (!sites.cuts.isEmpty() && !(sites.heads.isEmpty() && sites.mlps.isEmpty())) {
      throw new IllegalArgumentException(
          "dictionaries of the residual stream cut all that is written before them, others what single nodes write: the same would have two gates; give those of one kind");
    }
    return sites;
  }

  private void add(FeatureSite site, DictionaryDescription description) {
    @Nullable FeatureSite other =
        site.ofStream()
            ? cuts.putIfAbsent(site.writers(), site)
            : (site.ofHeads() ? heads : mlps).putIfAbsent(site.layer(), site);
    if (other != null) {
      throw new IllegalArgumentException(
          "the dictionary %s is of %s, which another one cuts already: give one of them"
              .formatted(description.path(), description.output()));
    }
  }

  private static void requireWritten(DictionaryDescription description, Decoder decoder) {
    Site output = description.output();
    requireOneStep(description, decoder);
    switch (output.kind()) {
      case ATTENTION_OUTPUT,
          MLP_OUTPUT,
          MLP_RAW_OUTPUT,
          RESIDUAL_PRE,
          RESIDUAL_MID,
          RESIDUAL_POST,
          HEAD_VALUES -> {}
      case MLP_NORMALISED, MLP_INPUT ->
          throw new IllegalArgumentException(
              "the dictionary %s is of %s, which no node writes: give one of the residual stream, of hook_attn_out, attn.hook_z or hook_mlp_out, or a transcoder"
                  .formatted(description.path(), output));
    }
  }

  /** Whether the residual stream is cut, and nothing else. */
  public boolean cutStream() {
    return !cuts.isEmpty();
  }

  /** The dictionaries of the residual stream, by the writers before them, in this order. */
  SortedMap<Integer, FeatureSite> cuts() {
    return cuts;
  }

  /** The dictionary of the heads of {@code layer} together. */
  @Nullable FeatureSite heads(int layer) {
    return heads.get(layer);
  }

  /** The dictionary of the MLP of {@code layer}. */
  @Nullable FeatureSite mlp(int layer) {
    return mlps.get(layer);
  }

  /** Features are of what they write, or of what the same MLP reads. */
  private static void requireOneStep(DictionaryDescription description, Decoder decoder) {
    Site input = description.input();
    Site output = description.output();
    Site.Kind read =
        decoder.architecture().parallel() ? Site.Kind.RESIDUAL_PRE : Site.Kind.RESIDUAL_MID;
    boolean ofMlp =
        output.kind() == Site.Kind.MLP_OUTPUT || output.kind() == Site.Kind.MLP_RAW_OUTPUT;
    boolean reads =
        List.of(Site.Kind.MLP_NORMALISED, Site.Kind.MLP_INPUT, read).contains(input.kind());
    if (!input.equals(output) && !(ofMlp && reads && input.layer() == output.layer())) {
      throw new IllegalArgumentException(
          "the dictionary %s makes %s of %s, and gates are on features of what they write or of what the same MLP reads: give such a one"
              .formatted(description.path(), output, input));
    }
  }

  /** Bytes of memory that the dictionaries take. */
  long bytes() {
    return Stream.of(heads, mlps, cuts)
        .flatMap(sites -> sites.values().stream())
        .mapToLong(FeatureSite::bytes)
        .sum();
  }

  /** Features and errors, and all other nodes whole unless the stream is cut. */
  Pieces pieces(ComputationGraph graph) {
    List<Part> parts = new ArrayList<>();
    if (cutStream()) {
      cuts.values().forEach(site -> parts.add(site.part()));
      return new Pieces(graph, Level.FEATURE, parts);
    }
    parts.add(Part.whole(graph.sourceNode(graph.inputSource())));
    for (int layer = 0; layer < graph.layers(); layer++) {
      FeatureSite together = heads(layer);
      for (int head = 0; together == null && head < graph.heads(); head++) {
        parts.add(Part.whole(graph.sourceNode(graph.headSource(layer) + head)));
      }
      if (together != null) {
        parts.add(together.part());
      }
      FeatureSite mlp = mlp(layer);
      parts.add(mlp == null ? Part.whole(graph.sourceNode(graph.mlpSource(layer))) : mlp.part());
    }
    return new Pieces(graph, Level.FEATURE, parts);
  }
}
