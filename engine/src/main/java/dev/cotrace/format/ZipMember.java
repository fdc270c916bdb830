package dev.cotrace.format;

/**
 * One file in a zip archive.
 *
 * @param name as the archive has it
 * @param deflated whether its bytes are compressed
 * @param start offset of its bytes in the archive
 * @param packedBytes how many bytes it takes there
 * @param bytes how many it has when it is unpacked, as the archive says
 * @param check their CRC-32, as the archive says
 * @param header offset of its own header in the archive
 */
record ZipMember(
    String name,
    boolean deflated,
    long start,
    long packedBytes,
    long bytes,
    long check,
    long header) {
  long end() {
    return start + packedBytes;
  }
}
