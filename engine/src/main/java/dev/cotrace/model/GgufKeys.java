package dev.cotrace.model;

import dev.cotrace.format.Gguf;
import dev.cotrace.format.GgufMetadata;
import dev.cotrace.format.GgufValue;
import dev.cotrace.format.MalformedModelException;

/** The metadata of a GGUF file under keys that begin with its architecture's name. */
final class GgufKeys {
  /** More layers, heads or tokens than any model has. */
  private static final int MOST = 1 << 24;

  private final Gguf file;
  private final GgufMetadata metadata;
  private final String prefix;

  GgufKeys(Gguf file, String architecture) {
    this.file = file;
    metadata = file.metadata();
    prefix = architecture + ".";
  }

  /** The whole key. */
  String name(String key) {
    return prefix + key;
  }

  boolean has(String key) {
    return metadata.contains(prefix + key);
  }

  double number(String key) {
    double number = metadata.number(prefix + key);
    if (!Double.isFinite(number)) {
      throw malformed("expected a finite %s, got %s".formatted(name(key), number));
    }
    return number;
  }

  double number(String key, double fallback) {
    return has(key) ? number(key) : fallback;
  }

  String string(String key, String fallback) {
    return has(key) ? metadata.string(prefix + key) : fallback;
  }

  boolean flag(String key, boolean fallback) {
    return has(key) ? metadata.flag(prefix + key) : fallback;
  }

  /** Whether there is a list under {@code key}. */
  boolean isList(String key) {
    return metadata.values().get(prefix + key) instanceof GgufValue.Items;
  }

  /** The list under {@code key}. */
  long[] integers(String key) {
    return metadata.integers(prefix + key);
  }

  /** A count that some files repeat for every layer. */
  int count(String key) {
    long count = isList(key) ? repeated(key) : metadata.integer(prefix + key);
    if (count < 1 || count > MOST) {
      throw malformed("expected %s from 1 to %d, got %d".formatted(name(key), MOST, count));
    }
    return (int) count;
  }

  private long repeated(String key) {
    long[] counts = integers(key);
    for (long count : counts) {
      if (count != counts[0]) {
        throw malformed(
            "%s differs from layer to layer, which is not supported".formatted(name(key)));
      }
    }
    return counts.length == 0 ? 0 : counts[0];
  }

  MalformedModelException malformed(String reason) {
    return new MalformedModelException(file.path(), 0, reason);
  }
}
