package dev.cotrace;

import dev.cotrace.circuit.ComputationGraph;
import dev.cotrace.gate.GatedModel;
import dev.cotrace.model.Architecture;
import dev.cotrace.model.Model;
import dev.cotrace.task.TextCodec;
import dev.cotrace.task.TokenText;
import dev.cotrace.torch.Placement;
import dev.cotrace.torch.Precision;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

/**
 * What a model is, for people.
 *
 * @param facts names and values, in the order to show them
 */
public record ModelCard(Map<String, Object> facts) {
  /**
   * Loads a model and looks at it.
   *
   * @param name what {@link ModelSource#find} finds it by
   * @param sample text whose tokens are to be shown; empty for none
   */
  public static ModelCard of(String name, String sample) throws IOException {
    ModelSource source = ModelSource.find(name);
    try (Model model = source.load(Placement.cpu(Precision.FLOAT32))) {
      @Nullable TextCodec codec = ModelText.of(model);
      Map<String, Object> facts = new LinkedHashMap<>();
      facts.put("model", name);
      if (source.hub() != null) {
        facts.put("commit", source.hub().commit());
        facts.put("path", source.path().toString());
      }
      addArchitecture(facts, model.architecture());
      facts.put("parameters", model.parameterCount());
      addGraph(facts, GatedModel.of(model.decoder()).graph());
      facts.put("tokenizer", codec == null ? "none: bare token ids" : "yes");
      if (!sample.isEmpty()) {
        facts.put("tokens", tokens(codec, sample));
      }
      return new ModelCard(facts);
    }
  }

  private static void addArchitecture(Map<String, Object> facts, Architecture architecture) {
    facts.put("family", architecture.family());
    facts.put("layers", architecture.layers());
    facts.put("heads", architecture.heads());
    facts.put("key_value_heads", architecture.keyValueHeads());
    facts.put("head_dimension", architecture.headDimension());
    facts.put("width", architecture.width());
    facts.put("mlp_width", architecture.mlp().width());
    facts.put("vocabulary", architecture.vocabulary());
    facts.put("positions", architecture.maxPositions());
    facts.put("end_tokens", architecture.endTokens().stream().sorted().toList());
  }

  private static void addGraph(Map<String, Object> facts, ComputationGraph graph) {
    facts.put("nodes", graph.nodes().size());
    facts.put("edges", graph.edgeCount());
  }

  private static String tokens(@Nullable TextCodec codec, String sample) {
    if (codec == null) {
      throw new IllegalArgumentException(
          "the model has no tokenizer, so the tokens of a text cannot be shown");
    }
    return new TokenText(codec).show(codec.encode(sample));
  }

  /** The facts as JSON, in one line. */
  public String json() {
    return new JsonMapper().writeValueAsString(facts);
  }
}
