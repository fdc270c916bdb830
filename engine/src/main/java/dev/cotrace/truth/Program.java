package dev.cotrace.truth;

import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * A transformer in words. Every token writes itself into {@link #TOKEN} and its place into {@link
 * #POSITION}; the next token is drawn by what {@link #OUTPUT} holds at the end: alike from several
 * tokens, when it holds several.
 *
 * @param scratch the registers besides those three
 * @param layers from the first; all with equally many heads
 * @param saturating whether rules have no slope where they hold: a small change of what they read
 *     then changes nothing
 */
record Program(List<Register> scratch, List<Layer> layers, boolean saturating) {
  /** Token ids are indices into this string. */
  static final String CHARACTERS = "0123:";

  /** The ids below this are digits. */
  static final int DIGITS = 4;

  /** Longest sequence. */
  static final int POSITIONS = 9;

  static final Register TOKEN = new Register("token", CHARACTERS.length());
  static final Register POSITION = new Register("position", POSITIONS);
  static final Register OUTPUT = new Register("output", CHARACTERS.length());

  /** The heads and the MLP of one layer; the MLP reads what the heads wrote. */
  record Layer(List<Head> heads, List<Rule> rules) {
    /** Copies both lists. */
    Layer {
      heads = List.copyOf(heads);
      rules = List.copyOf(rules);
    }
  }

  /** Refuses layers that differ in their number of heads and names that stand for two registers. */
  Program {
    scratch = List.copyOf(scratch);
    layers = List.copyOf(layers);
    Set<String> names = new HashSet<>(Set.of(TOKEN.name(), POSITION.name(), OUTPUT.name()));
    if (!scratch.stream().allMatch(register -> names.add(register.name()))) {
      throw new IllegalArgumentException("two registers have one name among " + scratch);
    }
    if (layers.stream().mapToInt(layer -> layer.heads.size()).distinct().count() != 1) {
      throw new IllegalArgumentException("all layers must have equally many heads");
    }
  }

  /** A register for any token. */
  static Register tokenRegister(String name) {
    return new Register(name, CHARACTERS.length());
  }

  /** Heads of every layer. */
  int heads() {
    return layers.getFirst().heads.size();
  }
}
