package dev.cotrace.format;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** Seeded damage to the structure of a JSON document, which stays JSON but for duplicate keys. */
public final class JsonMutations {
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
  private static final List<JsonNode> NASTY =
      List.of(
          JSON.nullNode(),
          JSON.booleanNode(true),
          JSON.booleanNode(false),
          JSON.numberNode(0),
          JSON.numberNode(1),
          JSON.numberNode(-1),
          JSON.numberNode(65_536),
          JSON.numberNode(Integer.MAX_VALUE),
          JSON.numberNode(Integer.MAX_VALUE - 1),
          JSON.numberNode(Integer.MIN_VALUE),
          JSON.numberNode(1L << 32),
          JSON.numberNode(Long.MAX_VALUE),
          JSON.numberNode(BigInteger.ONE.shiftLeft(64).subtract(BigInteger.ONE)),
          JSON.numberNode(BigInteger.TEN.pow(400)),
          JSON.numberNode(0.5),
          JSON.numberNode(-1e308),
          JSON.numberNode(new BigDecimal("1e999")),
          JSON.stringNode(""),
          JSON.stringNode("\u0000"),
          JSON.stringNode("é"),
          JSON.stringNode("(a|a)*(?![a-z])"),
          JSON.stringNode("a".repeat(5000)),
          JSON.arrayNode(),
          JSON.objectNode());

  private JsonMutations() {}

  /** One child of an object or array. */
  private record Slot(JsonNode value, Consumer<JsonNode> set, Runnable remove) {}

  /** One to three edits of the document's text. */
  public static String damage(String original, SplittableRandom random) {
    JsonNode root = JsonMapper.shared().readTree(original);
    int edits = random.nextInt(1, 4);
    for (int i = 0; i < edits && !root.isEmpty(); i++) {
      edit(root, random);
    }
    String text = root.toString();
    int open = text.indexOf('{', random.nextInt(text.length()));
    return open < 0 ? text : text.substring(0, open + 1) + extra(random) + text.substring(open + 1);
  }

  /** Rarely a key twice, or a deep nest. */
  private static String extra(SplittableRandom random) {
    int nested = random.nextBoolean() ? 600 : 100_000;
    return switch (random.nextInt(40)) {
      case 0 -> "\"twice\":1,\"twice\":2,";
      case 1 -> "\"deep\":" + "[".repeat(nested) + "]".repeat(nested) + ",";
      case 2 -> "\"deep\":" + "{\"a\":".repeat(nested) + "1" + "}".repeat(nested) + ",";
      case 3 -> "\"open\":" + "[".repeat(nested);
      default -> "";
    };
  }

  private static void edit(JsonNode root, SplittableRandom random) {
    Slot slot = slot(root, random);
    switch (random.nextInt(6)) {
      case 0 -> slot.remove.run();
      case 1, 2 -> slot.set.accept(slot(root, random).value.deepCopy());
      default -> slot.set.accept(NASTY.get(random.nextInt(NASTY.size())).deepCopy());
    }
  }

  /** Walks down; what lies high up is met most often, so that long lists do not draw all damage. */
  private static Slot slot(JsonNode root, SplittableRandom random) {
    Slot slot = child(root, random);
    while (slot.value.isContainer() && !slot.value.isEmpty() && random.nextInt(4) > 0) {
      slot = child(slot.value, random);
    }
    return slot;
  }

  private static Slot child(JsonNode container, SplittableRandom random) {
    int index = random.nextInt(container.size());
    if (container instanceof ArrayNode array) {
      return new Slot(
          array.get(index), value -> array.set(index, value), () -> array.remove(index));
    }
    ObjectNode object = (ObjectNode) container;
    String key = object.propertyNames().stream().skip(index).findFirst().orElseThrow();
    return new Slot(object.get(key), value -> object.set(key, value), () -> object.remove(key));
  }
}
