package dev.cotrace.circuit;

/**
 * The path by which {@code target} reads what {@code source} wrote.
 *
 * @param slot the input of the target; {@link Slot#IN} unless the target is a head
 */
public record Edge(Node source, Node target, Slot slot) {
  /** EAP-IG's name of this edge, for example {@code a0.h1->a3.h2<q>} or {@code m1->logits}. */
  @Override
  public String toString() {
    return source + "->" + target + slot.suffix();
  }
}
