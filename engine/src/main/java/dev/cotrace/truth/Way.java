package dev.cotrace.truth;

import java.util.Locale;

/** How an edge reaches the answer. */
enum Way {
  /** By changing which tokens are written. */
  THROUGH,
  /** At fixed tokens. */
  AROUND,
  /** Both. */
  BOTH;

  /** Its name in files. */
  String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
