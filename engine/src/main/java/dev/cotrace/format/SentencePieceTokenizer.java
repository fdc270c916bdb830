package dev.cotrace.format;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The {@code tokenizer.json} of a SentencePiece BPE vocabulary. SentencePiece joins the pair whose
 * union scores best; a merge list says the same: every split of every piece into two known pieces,
 * best score first.
 */
record SentencePieceTokenizer(
    List<String> tokens, Map<String, Integer> ids, Types types, Scores scores) {
  /** SentencePiece's visible stand-in for a space. */
  private static final String SPACE = "\u2581";

  /** Characters of the longest token that pieces are joined to: all its splits are listed. */
  private static final int LONGEST = 512;

  /** Token type by id. */
  interface Types {
    long of(int id);
  }

  /** Log probability, or minus the rank of the merge, by id. */
  interface Scores {
    double of(int id);
  }

  SentencePieceTokenizer(
      List<String> tokens, Map<String, Integer> ids, long[] types, double[] scores) {
    this(tokens, ids, (Types) id -> types[id], (Scores) id -> scores[id]);
  }

  private record Merge(String left, String right, double score, int leftId, int rightId) {}

  /** {@code prefixed}: every stretch of text is read as if a space stood before it. */
  ObjectNode json(boolean prefixed) {
    ObjectNode root = Json.MAPPER.createObjectNode().put("version", "1.0");
    root.putNull("truncation").putNull("padding").putNull("pre_tokenizer");
    ArrayNode normalizers =
        root.putObject("normalizer").put("type", "Sequence").putArray("normalizers");
    if (prefixed) {
      normalizers.addObject().put("type", "Prepend").put("prepend", SPACE);
    }
    replace(normalizers.addObject(), " ", SPACE);
    ArrayNode decoders = root.putObject("decoder").put("type", "Sequence").putArray("decoders");
    replace(decoders.addObject(), SPACE, " ");
    decoders.addObject().put("type", "ByteFallback");
    decoders.addObject().put("type", "Fuse");
    if (prefixed) {
      decoders.addObject().put("type", "Strip").put("content", " ").put("start", 1).put("stop", 0);
    }
    model(root.putObject("model"));
    return root;
  }

  private static void replace(ObjectNode node, String from, String to) {
    node.put("type", "Replace").put("content", to).putObject("pattern").put("String", from);
  }

  private void model(ObjectNode model) {
    model.put("type", "BPE").put("fuse_unk", true).put("byte_fallback", true);
    for (int id = 0; id < tokens.size(); id++) {
      if (types.of(id) == GgufTokenizer.UNKNOWN) {
        model.put("unk_token", tokens.get(id));
      }
    }
    ObjectNode vocabulary = model.putObject("vocab");
    ids.forEach(vocabulary::put);
    ArrayNode pairs = model.putArray("merges");
    for (Merge merge : merges()) {
      pairs.addArray().add(merge.left()).add(merge.right());
    }
  }

  private List<Merge> merges() {
    List<Merge> merges = new ArrayList<>();
    for (int id = 0; id < tokens.size(); id++) {
      if (mergeable(id)) {
        addSplits(id, merges);
      }
    }
    merges.sort(
        Comparator.comparingDouble(Merge::score)
            .reversed()
            .thenComparingInt(Merge::leftId)
            .thenComparingInt(Merge::rightId));
    return merges;
  }

  private void addSplits(int id, List<Merge> merges) {
    String token = tokens.get(id);
    if (token.length() > LONGEST) {
      return; // No text is made of it by joining pieces.
    }
    for (int at = 1; at < token.length(); at++) {
      String left = token.substring(0, at);
      String right = token.substring(at);
      Integer leftId = ids.get(left);
      Integer rightId = ids.get(right);
      if (leftId != null && rightId != null && mergeable(leftId) && mergeable(rightId)) {
        merges.add(new Merge(left, right, scores.of(id), leftId, rightId));
      }
    }
  }

  private boolean mergeable(int id) {
    long type = types.of(id);
    return type != GgufTokenizer.UNKNOWN
        && type != GgufTokenizer.CONTROL
        && type != GgufTokenizer.BYTE;
  }
}
