package dev.cotrace.format.pickle;

import dev.cotrace.format.Damage;
import dev.cotrace.format.Mutations;
import dev.cotrace.format.StoredTensor;
import dev.cotrace.format.StoredType;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Damaged torch archives end in a reading or in the typed error. */
class DamagedArchivesTest {
  private static final Path ORIGINAL = Path.of("src/test/resources/eap-ig/circuit-2x2.pt");
  private static final Opcode[] OPCODES = Opcode.values();

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(longs = {1, 2})
  void damagedArchivesAreRefusedOrRead(long seed) throws IOException {
    byte[] original = Files.readAllBytes(ORIGINAL);
    Path file = folder.resolve("damaged.pt");
    Damage.survive(
        seed,
        5000,
        "damaged.pt",
        random -> {
          Files.write(file, Mutations.damage(original, random));
          touch(TorchArchive.read(file));
        });
  }

  @ParameterizedTest
  @ValueSource(longs = {3, 4})
  void damagedPicklesAreRefusedOrRead(long seed) throws IOException {
    byte[] original = pickle();
    Damage.survive(
        seed,
        10_000,
        "damaged.pt",
        random -> {
          byte[] damaged =
              random.nextBoolean()
                  ? Mutations.damage(original, random)
                  : rewritten(original, random);
          touch(Unpickler.read(Path.of("damaged.pt"), damaged, DamagedArchivesTest::storage));
        });
  }

  /** Where the pickle lies in the archive, whose entries are not compressed. */
  private static byte[] pickle() throws IOException {
    byte[] bytes = Files.readAllBytes(ORIGINAL);
    int from = 0;
    while (bytes[from] != (byte) Opcode.PROTO.code() || bytes[from + 1] != 2) {
      from++;
    }
    int to = from;
    while (bytes[to] != '.' || bytes[to - 1] != (byte) Opcode.SETITEMS.code()) {
      to++;
    }
    return Arrays.copyOfRange(bytes, from, to + 1);
  }

  /** Instructions in the place of other bytes: programs that begin well. */
  private static byte[] rewritten(byte[] original, SplittableRandom random) {
    byte[] bytes = original.clone();
    for (int edits = random.nextInt(1, 4); edits > 0; edits--) {
      bytes[random.nextInt(2, bytes.length)] =
          (byte) OPCODES[random.nextInt(OPCODES.length)].code();
    }
    return bytes;
  }

  private static StoredTensor storage(String key, StoredType type, long elements) {
    long bytes = type.bytes(Math.clamp(elements, 0, 1000));
    return new StoredTensor(
        "",
        type,
        new long[] {bytes / type.blockBytes()},
        MemorySegment.ofArray(new byte[(int) bytes]));
  }

  /** What a reader of circuits looks at: the values of the outermost dict. */
  private static void touch(PickleValue value) {
    if (value instanceof PickleValue.Dictionary(Map<String, PickleValue> values)) {
      for (PickleValue each : values.values()) {
        if (each instanceof PickleValue.Tensor(StoredTensor tensor)) {
          tensor.bytes().toArray(ValueLayout.JAVA_BYTE);
        }
      }
    }
  }
}
