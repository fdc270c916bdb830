package dev.cotrace.format;

import java.lang.foreign.ValueLayout;

/** Reads every element that a tensor claims to have, so that a wrong window would show. */
final class Touch {
  private Touch() {}

  static void decodeAll(StoredTensor tensor) {
    if (tensor.type().floating() || tensor.type().quantised()) {
      tensor.decode(0, new float[(int) tensor.elements()]);
    } else {
      tensor.bytes().toArray(ValueLayout.JAVA_BYTE);
    }
  }
}
