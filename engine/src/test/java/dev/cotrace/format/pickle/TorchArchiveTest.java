package dev.cotrace.format.pickle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cotrace.format.MalformedModelException;
import dev.cotrace.format.StoredTensor;
import dev.cotrace.format.StoredType;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TorchArchiveTest {
  private static final List<StoredType> TYPES =
      Arrays.stream(AllowedName.values())
          .map(AllowedName::elements)
          .filter(t -> t != null)
          .toList();

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void valuesAreReadAsTheyWereWritten(long seed) throws IOException {
    PickleValue written = value(new SplittableRandom(seed), 5);
    Path file = folder.resolve("values.pt");
    TorchArchive.write(file, written);
    assertThat(plain(TorchArchive.read(file))).isEqualTo(plain(written));
  }

  @Test
  void equalValuesMakeEqualFilesWhoseStoragesAreAligned() throws IOException {
    PickleValue value =
        new PickleValue.Items(
            List.of(
                new PickleValue.Tensor(StoredTensor.of("", new float[] {1, 2, 3}, 3)),
                new PickleValue.Tensor(StoredTensor.of("", new double[] {4}, 1))));
    Path one = folder.resolve("one.pt");
    Path other = folder.resolve("other.pt");
    TorchArchive.write(one, value);
    TorchArchive.write(other, value);
    byte[] bytes = Files.readAllBytes(one);
    assertThat(bytes).isEqualTo(Files.readAllBytes(other));
    byte[] floats = {0, 0, (byte) 0x80, 0x3f, 0, 0, 0, 0x40, 0, 0, 0x40, 0x40};
    assertThat(indexOf(bytes, floats) % 64).isZero();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          cposix\\nsystem\\n(X\\2\\0\\0\\0lstR.        | the name 'posix.system' is refused
          c__builtin__\\neval\\n.                     | the name '__builtin__.eval' is refused
          ctorch._utils\\n_rebuild_parameter\\n.      | the name 'torch._utils._rebuild_parameter' is refused
          ccollections\\nOrderedDict\\n(K\\1tR.        | neither a tensor nor an empty OrderedDict
          ccollections\\nOrderedDict\\n.              | got part of a tensor
          ccollections\\nOrderedDict                  | a name does not end
          }b.                                         | instruction 0x62 is refused
          i.                                          | instruction 0x69 is refused
          \\4.                                        | instruction 0x04 is refused
          .                                           | an empty stack
          t.                                          | an empty stack
          ]N.                                         | goes on after its value
          N.N                                         | goes on after its value
          h\\7.                                       | nothing was remembered under 7
          NNa.                                        | what is no list
          NK\\1K\\2s.                                 | what is no dict
          }K\\1K\\2s.                                 | expected a str for a key
          X\\x7f\\0\\0\\0abc.                         | a string of 127 bytes does not fit
          X\\1\\0\\0\\0\\xff.                         | expected UTF-8
          J\\1                                        | ends within an instruction
          \\x8a\\x09.                                 | an integer of at most 8 bytes
          """)
  void aPickleThatIsMoreThanValuesIsRefusedByName(String program, String said) {
    assertThatThrownBy(() -> unpickled("\\x80\\2" + program))
        .isInstanceOf(MalformedModelException.class)
        .hasMessageContaining("evil.pt")
        .hasMessageContaining(said);
  }

  @Test
  void otherProtocolsAreRefused() {
    assertThatThrownBy(() -> unpickled("\\x80\\4N."))
        .hasMessageContaining("expected pickle protocol 2, the default of torch.save, got 4");
  }

  @ParameterizedTest
  @CsvSource({
    "'K\\0', 'K\\2K\\3\\x86', 'K\\1K\\2\\x86', is a view with gaps",
    "'K\\0', 'K\\2K\\3\\x86', 'K\\0K\\1\\x86', is a view with gaps",
    "'K\\0', 'K\\2K\\3\\x86', 'K\\3\\x85', is a view with gaps",
    "'K\\1', 'K\\2K\\3\\x86', 'K\\3K\\1\\x86', larger than its storage",
    "'K\\0', 'K\\7\\x85', 'K\\1\\x85', larger than its storage",
    "'K\\0', 'J\\0\\0\\0\\x80\\x85', 'K\\1\\x85', larger than its storage",
    "'J\\0\\0\\0\\x80', 'K\\1\\x85', 'K\\1\\x85', larger than its storage",
    "'K\\0', 'J\\xff\\xff\\xff\\x7fJ\\xff\\xff\\xff\\x7fJ\\xff\\xff\\xff\\x7f\\x87', 'K\\1K\\1K\\1\\x87', is a view with gaps",
    "'K\\0', 'K\\2\\x8a\\x08\\0\\0\\0\\0\\0\\0\\0\\x40\\x86', '\\x8a\\x08\\0\\0\\0\\0\\0\\0\\0\\x40K\\1\\x86', larger"
  })
  void aTensorThatItsStorageDoesNotHoldIsRefused(
      String offset, String sizes, String strides, String said) {
    String storage =
        "(X\\7\\0\\0\\0storagectorch\\nFloatStorage\\nX\\1\\0\\0\\0" + "0X\\3\\0\\0\\0cpuK\\6tQ";
    String program =
        "ctorch._utils\\n_rebuild_tensor_v2\\n("
            + storage
            + offset
            + sizes
            + strides
            + "\\x89ccollections\\nOrderedDict\\n)RtR.";
    assertThatThrownBy(() -> unpickled("\\x80\\2" + program))
        .isInstanceOf(MalformedModelException.class)
        .hasMessageContaining(said);
  }

  @Test
  void listsThatHoldEachOtherManyTimesTakeNoMemory() {
    // Each of 60 lists holds the one before it ten times: 10^60 items, were they copied.
    StringBuilder program = new StringBuilder("\\x80\\2]q\\0");
    for (int i = 0; i < 60; i++) {
      program.append("](").append("h\\0".repeat(10)).append("eq\\0");
    }
    // All but the last stay below it on the stack.
    assertThatThrownBy(() -> unpickled(program + "."))
        .hasMessageContaining("goes on after its value");
    PickleValue held = unpickled("\\x80\\2]q\\0h\\0a.");
    assertThat(held.kind()).as("a list that holds itself").isEqualTo("a list of 1");
  }

  @Test
  void aCompressedArchiveIsRefused() throws IOException {
    Path file = folder.resolve("evil.pt");
    try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(file))) {
      zip.putNextEntry(new ZipEntry("x/data.pkl"));
      zip.write(new byte[1 << 20]);
      zip.closeEntry();
    }
    assertThatThrownBy(() -> TorchArchive.read(file))
        .isInstanceOf(MalformedModelException.class)
        .hasMessageContaining("is compressed, which torch.save never does");
  }

  @ParameterizedTest
  @CsvSource({
    "a/data.pkl b/data.pkl, expected one data.pkl in the archive, got 2",
    "a/other, 'expected one data.pkl in the archive, got 0'",
    "a/byteorder a/data.pkl, 'expected byteorder little, got'"
  })
  void anArchiveOfAnotherKindIsRefused(String names, String said) throws IOException {
    Path file = folder.resolve("evil.pt");
    try (OutputStream out = Files.newOutputStream(file);
        ZipOutputStream zip = new ZipOutputStream(out)) {
      zip.setMethod(ZipOutputStream.STORED);
      for (String name : names.split(" ", -1)) {
        ZipEntry entry = new ZipEntry(name);
        entry.setSize(0);
        entry.setCrc(0);
        zip.putNextEntry(entry);
        zip.closeEntry();
      }
    }
    assertThatThrownBy(() -> TorchArchive.read(file))
        .isInstanceOf(MalformedModelException.class)
        .hasMessageContaining(said);
  }

  @Test
  void aFileThatIsNoArchiveIsRefused() throws IOException {
    Path file = Files.writeString(folder.resolve("evil.pt"), "{}");
    assertThatThrownBy(() -> TorchArchive.read(file))
        .isInstanceOf(MalformedModelException.class)
        .hasMessageContaining("expected a zip archive as torch.save writes it since torch 1.6");
  }

  @Test
  void theFirstPickleInATorchFileIsTheOneThatTorchReads() throws IOException {
    Path file = folder.resolve("values.pt");
    TorchArchive.write(file, new PickleValue.Whole(7));
    try (ZipFile zip = new ZipFile(file.toFile())) {
      assertThat(zip.stream().map(ZipEntry::getName))
          .containsExactly("circuit/data.pkl", "circuit/byteorder", "circuit/version");
    }
  }

  /** Runs a program in which {@code \\x89}, {@code \\7} and {@code \\n} stand for bytes. */
  private static PickleValue unpickled(String program) {
    byte[] bytes = bytes(program);
    return Unpickler.read(
        Path.of("evil.pt"),
        bytes,
        (key, type, elements) -> StoredTensor.of("", new float[] {1, 2, 3, 4, 5, 6}, 6));
  }

  private static byte[] bytes(String program) {
    StringBuilder bytes = new StringBuilder();
    for (int i = 0; i < program.length(); i++) {
      char c = program.charAt(i);
      if (c != '\\') {
        bytes.append(c);
      } else if (program.charAt(++i) == 'x') {
        bytes.append((char) Integer.parseInt(program, i + 1, i + 3, 16));
        i += 2;
      } else {
        c = program.charAt(i);
        bytes.append(c == 'n' ? '\n' : (char) (c - '0'));
      }
    }
    return bytes.toString().getBytes(StandardCharsets.ISO_8859_1);
  }

  private static PickleValue value(SplittableRandom random, int depth) {
    return switch (random.nextInt(depth == 0 ? 6 : 9)) {
      case 0 -> new PickleValue.None();
      case 1 -> new PickleValue.Flag(random.nextBoolean());
      case 2 -> new PickleValue.Whole(random.nextLong() >> random.nextInt(Long.SIZE));
      case 3 -> new PickleValue.Real(random.nextDouble(-1e3, 1e3));
      case 4 -> new PickleValue.Text("é<q>" + random.nextInt(100));
      case 5 -> new PickleValue.Tensor(tensor(random));
      case 6 -> new PickleValue.Items(values(random, depth));
      case 7 -> new PickleValue.Tuple(values(random, depth));
      default -> {
        Map<String, PickleValue> map = new LinkedHashMap<>();
        values(random, depth).forEach(item -> map.put("key " + map.size(), item));
        yield new PickleValue.Dictionary(map);
      }
    };
  }

  private static List<PickleValue> values(SplittableRandom random, int depth) {
    List<PickleValue> values = new ArrayList<>();
    for (int i = random.nextInt(8); i > 0; i--) {
      values.add(value(random, depth - 1));
    }
    return values;
  }

  private static StoredTensor tensor(SplittableRandom random) {
    StoredType type = TYPES.get(random.nextInt(TYPES.size()));
    long[] shape = random.longs(random.nextInt(4), 0, 4).toArray();
    byte[] bytes = new byte[(int) type.bytes(Arrays.stream(shape).reduce(1, (a, b) -> a * b))];
    random.nextBytes(bytes);
    return new StoredTensor("", type, shape, MemorySegment.ofArray(bytes));
  }

  /** With tensors as what can be compared. */
  private static Object plain(PickleValue value) {
    return switch (value) {
      case PickleValue.Items(List<PickleValue> items) ->
          List.of("list", items.stream().map(TorchArchiveTest::plain).toList());
      case PickleValue.Tuple(List<PickleValue> items) ->
          List.of("tuple", items.stream().map(TorchArchiveTest::plain).toList());
      case PickleValue.Dictionary(Map<String, PickleValue> items) ->
          items.entrySet().stream()
              .map(entry -> List.of(entry.getKey(), plain(entry.getValue())))
              .toList();
      case PickleValue.Tensor(StoredTensor tensor) ->
          tensor + Arrays.toString(tensor.bytes().toArray(ValueLayout.JAVA_BYTE));
      default -> value;
    };
  }

  private static int indexOf(byte[] bytes, byte[] part) {
    for (int at = 0; at + part.length <= bytes.length; at++) {
      if (Arrays.equals(bytes, at, at + part.length, part, 0, part.length)) {
        return at;
      }
    }
    throw new AssertionError("not there");
  }
}
