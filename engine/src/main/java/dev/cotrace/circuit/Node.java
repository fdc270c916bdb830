package dev.cotrace.circuit;

/** A component that writes to or reads from the residual stream, named as EAP-IG names it. */
public sealed interface Node {
  /** Token plus position embedding: a source only. */
  record Input() implements Node {
    @Override
    public String toString() {
      return "input";
    }
  }

  /** Attention head {@code head} (a query head) of layer {@code layer}, both from 0. */
  record Head(int layer, int head) implements Node {
    @Override
    public String toString() {
      return "a" + layer + ".h" + head;
    }
  }

  /** The MLP of layer {@code layer}, from 0. */
  record Mlp(int layer) implements Node {
    @Override
    public String toString() {
      return "m" + layer;
    }
  }

  /** The unembedding: a target only. */
  record Logits() implements Node {
    @Override
    public String toString() {
      return "logits";
    }
  }
}
