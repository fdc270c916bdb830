package dev.cotrace.model;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/** GPT-2's alphabet: every byte as one printable character. Source: GPT-2, bytes_to_unicode. */
final class ByteAlphabet {
  private static final Map<Character, Byte> BYTES = bytes();

  private ByteAlphabet() {}

  private static Map<Character, Byte> bytes() {
    Map<Character, Byte> bytes = new HashMap<>();
    int shifted = 256;
    for (int b = 0; b < 256; b++) {
      boolean itself = (b >= '!' && b <= '~') || (b >= 0xa1 && b <= 0xac) || b >= 0xae;
      bytes.put((char) (itself ? b : shifted++), (byte) b);
    }
    return bytes;
  }

  /** The text that a spelling stands for, or its bytes in hexadecimal where they are no text. */
  static String display(String spelling) {
    ByteBuffer buffer = ByteBuffer.allocate(spelling.length());
    for (int i = 0; i < spelling.length(); i++) {
      Byte b = BYTES.get(spelling.charAt(i));
      if (b == null) {
        return spelling;
      }
      buffer.put(b);
    }
    buffer.flip();
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(buffer.duplicate()).toString();
    } catch (CharacterCodingException e) {
      StringBuilder hex = new StringBuilder();
      while (buffer.hasRemaining()) {
        hex.append("<0x%02X>".formatted(buffer.get() & 0xff));
      }
      return hex.toString();
    }
  }
}
