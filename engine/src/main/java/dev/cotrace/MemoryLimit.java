package dev.cotrace;

import dev.cotrace.torch.ByteSize;
import dev.cotrace.torch.FreeMemory;
import dev.cotrace.torch.Placement;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How much memory a run may come to hold.
 *
 * @param text a share of what is free when the run begins, such as {@code 70%}, or a size such as
 *     {@code 8G}
 */
public record MemoryLimit(String text) {
  private static final Pattern SHARE = Pattern.compile("(\\d{1,3}(?:\\.\\d{1,9})?)\\s*%");

  /** Refuses what is neither. */
  public MemoryLimit {
    if (Double.isNaN(share(text))) {
      ByteSize.parse(text);
    }
  }

  /** The size, where the limit is one and no share. */
  OptionalLong size() {
    return Double.isNaN(share(text)) ? OptionalLong.of(ByteSize.parse(text)) : OptionalLong.empty();
  }

  /** The limit in bytes, for tensors at {@code placement}. */
  long bytes(Placement placement) {
    return size().orElseGet(() -> (long) (share(text) * FreeMemory.at(placement)));
  }

  /** The share that {@code text} says; NaN when it is a size, or no share at all. */
  private static double share(String text) {
    Matcher matcher = SHARE.matcher(text.strip());
    double share = matcher.matches() ? Double.parseDouble(matcher.group(1)) / 100 : Double.NaN;
    return share > 0 && share <= 1 ? share : Double.NaN;
  }

  /** The limit as it was given. */
  @Override
  public String toString() {
    return text;
  }
}
