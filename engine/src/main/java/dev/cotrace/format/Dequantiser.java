package dev.cotrace.format;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Decodes quantised blocks of one type: {@code blockBytes} bytes become {@code blockElements}
 * floats. The layouts are those of ggml's {@code block_q*} structs; the order of float operations
 * is that of its reference dequantisation, so the values agree to the last bit.
 */
record Dequantiser(StoredType type, Block block) {
  /** Decodes one block into {@code out[at..]}. */
  @FunctionalInterface
  interface Block {
    void decode(byte[] block, float[] out, int at);
  }

  static Dequantiser of(StoredType type) {
    return new Dequantiser(
        type,
        switch (type) {
          case Q4_0 -> SmallBlocks::q40;
          case Q4_1 -> SmallBlocks::q41;
          case Q5_0 -> SmallBlocks::q50;
          case Q5_1 -> SmallBlocks::q51;
          case Q8_0 -> SmallBlocks::q80;
          case Q4_K -> SuperBlocks::q4k;
          case Q5_K -> SuperBlocks::q5k;
          case Q6_K -> SuperBlocks::q6k;
          default -> throw new IllegalArgumentException("expected a quantised type, got " + type);
        });
  }

  /** Decodes whole blocks from {@code firstElement} on until {@code out} is full. */
  void decode(MemorySegment bytes, long firstElement, float[] out) {
    byte[] buffer = new byte[type.blockBytes()];
    long position = type.bytes(firstElement);
    for (int at = 0; at < out.length; at += type.blockElements()) {
      MemorySegment.copy(bytes, ValueLayout.JAVA_BYTE, position, buffer, 0, buffer.length);
      block.decode(buffer, out, at);
      position += buffer.length;
    }
  }

  /** The 16-bit float at {@code at}. */
  static float half(byte[] block, int at) {
    return Float.float16ToFloat((short) ((block[at] & 0xff) | (block[at + 1] << 8)));
  }
}
