package dev.cotrace.model;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Cuts a decoded text by token, decoding a short window that ends at each token: decoders look at
 * neighbours (they strip a first space, they join bytes), so tokens cannot be decoded alone.
 */
record Pieces(Tokenizer tokenizer) {
  /** What decoders write for bytes that are no character, or not yet. */
  private static final String REPLACEMENT = "\uFFFD";

  List<String> of(int[] ids) {
    List<String> pieces = new ArrayList<>();
    int window = 0; // first token of the window
    int read = 0; // tokens whose text has been given out
    for (int next = 1; next <= ids.length; next++) {
      String before = tokenizer.decode(Arrays.copyOfRange(ids, window, read));
      String with = tokenizer.decode(Arrays.copyOfRange(ids, window, next));
      boolean whole = next == ids.length || !with.endsWith(REPLACEMENT);
      if (whole) {
        pieces.add(with.substring(Math.min(before.length(), with.length())));
        window = read;
        read = next;
      } else {
        pieces.add("");
      }
    }
    return pieces;
  }
}
