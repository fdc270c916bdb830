package dev.cotrace.circuit;

/**
 * What gates on pieces sit on together: a node, several that write at once, or the residual stream
 * somewhere.
 *
 * @param name such as {@code m3}
 * @param cut what its pieces are
 * @param count how many there are
 * @param sources how many sources of the graph it stands for, from where the part before it ends
 * @param dictionary whose features they are: the SHA-256 of its weights and of how they are read;
 *     else empty
 */
public record Part(String name, Cut cut, int count, int sources, String dictionary) {
  /** How something is cut into units that add up to it. */
  public enum Cut {
    /** Into one. */
    WHOLE("whole"),
    /** By the coordinates of the residual stream. */
    COORDINATES("coordinates"),
    /** By the hidden units of an MLP. */
    NEURONS("neurons"),
    /** By the features of a dictionary; the last unit is what they leave over, its error. */
    FEATURES("features");

    private final String label;

    Cut(String label) {
      this.label = label;
    }

    /** As files call it. */
    public String label() {
      return label;
    }
  }

  /** A part that stands for one source and is not cut by a dictionary. */
  public Part(String name, Cut cut, int count) {
    this(name, cut, count, 1, "");
  }

  /** Refuses a part without units. */
  public Part {
    if (count < 1 || sources < 0 || (cut == Cut.WHOLE && count != 1)) {
      throw new IllegalArgumentException(
          "%s cannot be cut into %d %s".formatted(name, count, cut.label));
    }
  }

  /** A node that is not cut. */
  public static Part whole(Node node) {
    return new Part(node.toString(), Cut.WHOLE, 1);
  }

  /** Whether {@code piece} is the error of features. */
  public boolean isError(int piece) {
    return cut == Cut.FEATURES && piece == count - 1;
  }

  /** The number of the piece called {@code unit}; −1 if it has none of that name. */
  int piece(String unit) {
    if (cut == Cut.WHOLE) {
      return unit.equals(name) ? 0 : -1;
    }
    if (!unit.startsWith(name + ".")) {
      return -1;
    }
    String digits = unit.replaceFirst("^.*\\.[dnf]?", "");
    int piece = digits.matches("[0-9]{1,9}") ? Integer.parseInt(digits) : count - 1;
    return piece < count && name(piece).equals(unit) ? piece : -1;
  }

  /** The name of a piece, such as {@code m3.n17}, {@code m3.f17} or {@code m3.error}. */
  String name(int piece) {
    return switch (cut) {
      case WHOLE -> name;
      case COORDINATES -> name + ".d" + piece;
      case NEURONS -> name + ".n" + piece;
      case FEATURES -> isError(piece) ? name + ".error" : name + ".f" + piece;
    };
  }
}
