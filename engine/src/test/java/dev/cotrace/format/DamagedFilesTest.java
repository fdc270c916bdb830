package dev.cotrace.format;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Damaged weights end in a reading or in the typed error. */
class DamagedFilesTest {
  private static final String INDEX = "model.safetensors.index.json";

  @TempDir Path directory;

  @ParameterizedTest
  @ValueSource(longs = {1, 2})
  void damagedSafetensorsBytesAreRefusedOrRead(long seed) throws IOException {
    byte[] original = Files.readAllBytes(Goldens.file("safetensors/small.safetensors"));
    Damage.survive(
        seed,
        2500,
        "damaged.safetensors",
        random -> {
          readSafetensors(Mutations.damage(original, random));
        });
  }

  @ParameterizedTest
  @ValueSource(longs = {3, 4})
  void damagedSafetensorsHeadersAreRefusedOrRead(long seed) throws IOException {
    byte[] original = Files.readAllBytes(Goldens.file("safetensors/small.safetensors"));
    int length = (int) ByteBuffer.wrap(original).order(ByteOrder.LITTLE_ENDIAN).getLong();
    String header = new String(original, 8, length, StandardCharsets.UTF_8);
    byte[] data = Arrays.copyOfRange(original, 8 + length, original.length);
    Damage.survive(
        seed,
        3000,
        "damaged.safetensors",
        random -> {
          byte[] text = offsets(header, random).getBytes(StandardCharsets.UTF_8);
          ByteBuffer bytes =
              ByteBuffer.allocate(8 + text.length + data.length).order(ByteOrder.LITTLE_ENDIAN);
          readSafetensors(bytes.putLong(text.length).put(text).put(data).array());
        });
  }

  /** Half the time other values anywhere, else other offsets: overlaps, holes, wrong sizes. */
  private static String offsets(String header, SplittableRandom random) {
    if (random.nextBoolean()) {
      return JsonMutations.damage(header, random);
    }
    String begin = "\"data_offsets\":[";
    int entry = header.indexOf(begin, random.nextInt(header.lastIndexOf(begin)));
    int from = random.nextBoolean() ? entry + begin.length() : header.indexOf(',', entry) + 1;
    int to = from;
    while (Character.isDigit(header.charAt(to))) {
      to++;
    }
    long moved = Long.parseLong(header, from, to, 10) + random.nextInt(-8, 9);
    return header.substring(0, from) + moved + header.substring(to);
  }

  private static MappedFile inMemory(String name, byte[] bytes) {
    return new MappedFile(Path.of(name), MemorySegment.ofArray(bytes).asReadOnly());
  }

  private static void readSafetensors(byte[] bytes) throws IOException {
    MappedFile damaged = inMemory("damaged.safetensors", bytes);
    try (Safetensors file = MappedFile.opening(arena -> Safetensors.of(damaged, arena))) {
      file.tensors().values().forEach(Touch::decodeAll);
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {5, 6})
  void damagedShardIndexesAreRefusedOrRead(long seed) throws IOException {
    for (String name : List.of("one", "two")) {
      Safetensors.write(
          directory.resolve(name + ".safetensors"),
          Map.of(),
          List.of(StoredTensor.of(name, new float[] {1}, 1)));
    }
    String index =
        """
        {"metadata": {"total_size": 8}, "weight_map": {"one": "one.safetensors", "two": "two.safetensors"}}
        """;
    Damage.survive(
        seed,
        5000,
        directory.toString(),
        random -> {
          byte[] bytes =
              random.nextBoolean()
                  ? Mutations.damage(index.getBytes(StandardCharsets.UTF_8), random)
                  : JsonMutations.damage(index, random).getBytes(StandardCharsets.UTF_8);
          Files.write(directory.resolve(INDEX), bytes);
          try (Safetensors file = Safetensors.openSharded(directory)) {
            file.tensors().values().forEach(Touch::decodeAll);
          }
        });
  }

  @ParameterizedTest
  @ValueSource(longs = {7, 8})
  void damagedGgufFilesAreRefusedOrRead(long seed) throws IOException {
    byte[] original = Files.readAllBytes(Goldens.file("gguf/small.gguf"));
    GgufFields fields = new GgufFields(original);
    Damage.survive(
        seed,
        5000,
        "damaged.gguf",
        random -> {
          byte[] bytes =
              random.nextBoolean() ? Mutations.damage(original, random) : fields.damage(random);
          MappedFile damaged = inMemory("damaged.gguf", bytes);
          try (Gguf gguf = MappedFile.opening(arena -> Gguf.of(damaged, arena))) {
            gguf.tensors().values().forEach(Touch::decodeAll);
          }
        });
  }

  @ParameterizedTest
  @ValueSource(strings = {"gpt-2", "llama-bpe", "spm"})
  void damagedGgufTokenizersAreRefusedOrDescribed(String name) throws IOException {
    byte[] original = Files.readAllBytes(Goldens.file("tokenizers/%s.gguf".formatted(name)));
    GgufFields fields = new GgufFields(original);
    Damage.survive(
        name.length(),
        3400,
        "damaged.gguf",
        random -> {
          byte[] bytes =
              random.nextBoolean() ? Mutations.damage(original, random) : fields.damage(random);
          MappedFile damaged = inMemory("damaged.gguf", bytes);
          try (Gguf gguf = MappedFile.opening(arena -> Gguf.of(damaged, arena))) {
            TokenizerDescription.of(gguf);
          }
        });
  }

  @ParameterizedTest
  @ValueSource(strings = {"stored.npz", "compressed.npz"})
  void damagedArchivesOfNumPyAreRefusedOrRead(String name) throws IOException {
    byte[] original = Files.readAllBytes(Goldens.file("numpy/" + name));
    Damage.survive(
        name.length(),
        6000,
        "damaged",
        random ->
            readArrays(
                switch (random.nextInt(4)) {
                  case 0 -> Mutations.damage(original, random);
                  case 1 -> directoryDamage(original, random);
                  default -> damagedMember(name.startsWith("c"), random);
                }));
  }

  @Test
  void damagedArraysOfNumPyAreRefusedOrRead() {
    byte[] array = ZipBytes.npy("'<f4'", "(2, 50)", new float[100]);
    Damage.survive(9, 4000, "damaged", random -> readArrays(Mutations.damage(array, random)));
  }

  private static void readArrays(byte[] bytes) throws IOException {
    MappedFile damaged = inMemory("damaged.npz", bytes);
    try (Npz npz = MappedFile.opening(arena -> Npz.of(damaged, arena))) {
      npz.tensors().values().forEach(Touch::decodeAll);
    }
  }

  /** A damaged array in a sound archive: its checksum is that of the damage. */
  private static byte[] damagedMember(boolean deflated, SplittableRandom random) {
    byte[] array = ZipBytes.npy("'<f4'", "(2, 50)", new float[100]);
    ZipBytes zip = deflated ? new ZipBytes().deflated() : new ZipBytes();
    return zip.add("w.npy", Mutations.damage(array, random)).bytes();
  }

  /** Damages what says sizes and places: the last bytes of an archive, the first of an array. */
  private static byte[] directoryDamage(byte[] original, SplittableRandom random) {
    int part = Math.min(original.length, 1500);
    boolean end = original[0] == 'P' && random.nextInt(4) > 0;
    int from = end ? original.length - part : 0;
    byte[] damaged = Mutations.damage(Arrays.copyOfRange(original, from, from + part), random);
    ByteBuffer all = ByteBuffer.allocate(original.length - part + damaged.length);
    all.put(original, 0, from).put(damaged);
    return all.put(original, from + part, original.length - from - part).array();
  }
}
