package dev.cotrace.hub;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.regex.Pattern;

/**
 * What content has to hash to: SHA-256 for large files (64 digits), git's SHA-1 of a blob for small
 * ones (40 digits). It names the blob in the cache.
 */
record ContentHash(String hex) {
  private static final Pattern FORM = Pattern.compile("[0-9a-f]{40}([0-9a-f]{24})?");

  ContentHash {
    if (!isOne(hex)) {
      throw new IllegalArgumentException("expected 40 or 64 hexadecimal digits");
    }
  }

  /** Whether {@code text} is one. */
  static boolean isOne(String text) {
    return FORM.matcher(text).matches();
  }

  /** A digest to feed with content of {@code size} bytes. */
  MessageDigest digest(long size) {
    try {
      if (hex.length() == 64) {
        return MessageDigest.getInstance("SHA-256");
      }
      MessageDigest digest = MessageDigest.getInstance("SHA-1");
      digest.update(("blob " + size + "\0").getBytes(StandardCharsets.US_ASCII));
      return digest;
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java platform has SHA-1 and SHA-256", e);
    }
  }

  /** Whether what {@code digest} was fed is the content. Resets the digest. */
  boolean matches(MessageDigest digest) {
    return hex.equals(HexFormat.of().formatHex(digest.digest()));
  }
}
