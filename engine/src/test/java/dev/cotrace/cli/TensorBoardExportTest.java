package dev.cotrace.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Event files of a run, read by a reader that shares no code; bench/peers has TensorBoard's own.
 */
class TensorBoardExportTest {
  private static final Path MODELS =
      Path.of(System.getProperty("cotrace.root", "..")).resolve("models");

  /** How TensorFlow begins every event file: a record of 24 bytes, and the checksum of that. */
  private static final String BEGINNING = "1800000000000000a37f4b22";

  @TempDir Path folder;
  private Path run = Path.of("");
  private Path events = Path.of("");
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @BeforeEach
  void discoverAndExport() {
    run = folder.resolve("run");
    events = folder.resolve("run.tensorboard");
    String task = MODELS.resolve("tasks/arithmetic-sum.jsonl").toString();
    String model = MODELS.resolve("arithmetic").toString();
    cotrace(
        0,
        "discover --limit 3 --rollouts 2 --quadrature trapezoid --points 2 --model",
        model,
        "--task",
        task,
        "--out",
        run + "");
    cotrace(0, "export --format tensorboard", run + "");
  }

  @Test
  void theSeriesEndWithTheNumbersOfTheRun() throws IOException {
    JsonNode metrics = new JsonMapper().readTree(Files.readString(run.resolve("metrics.json")));
    assertThat(events.toFile().list())
        .containsExactlyInAnyOrder(
            "J0-corrupted",
            "J1-clean",
            "gate-0.0000",
            "gate-1.0000",
            "circuits-by-score",
            "circuits-random",
            "run");
    for (String name : List.of("value", "stderr")) {
      float clean = (float) metrics.at("/J1/" + name).asDouble();
      NavigableMap<Long, Float> points = scalars("J1-clean", "J/" + name);
      assertThat(points.lastEntry().getValue()).isEqualTo(clean);
      assertThat(points.lastKey()).as("tokens of 3 pairs and 2 rollouts").isEqualTo(3 * 2 * 16);
      assertThat(points).as("a point for each pair").hasSize(name.equals("value") ? 3 : 2);
    }
    int edges = metrics.at("/circuit/edges").asInt();
    assertThat(scalars("circuits-by-score", "faithfulness/value"))
        .containsExactly(
            Map.entry((long) edges, (float) metrics.at("/circuit/faithfulness/value").asDouble()));
  }

  @Test
  void anEvaluationIsACurve() throws IOException {
    cotrace(0, "evaluate --sizes 10%,50%,100% --removals 0 --knockouts 0", run + "");
    cotrace(2, "export --format tensorboard", run + "");
    assertThat(err.toString()).contains("already exists: give another --out, or --force");
    Path stale = Files.createDirectory(events.resolve("gate-0.5000"));
    Files.createFile(stale.resolve("events.out.tfevents.0000000001.cotrace"));
    Path kept = Files.createFile(events.resolve("J1-clean/events.out.tfevents.1.host"));
    cotrace(0, "export --format tensorboard --force", run + "");
    assertThat(stale).isEmptyDirectory();
    assertThat(kept).exists();
    assertThat(scalars("circuits-by-score", "faithfulness/value").lastEntry().getValue())
        .isBetween(0.99f, 1.01f);
    assertThat(scalars("circuits-random", "faithfulness/value")).hasSizeGreaterThan(1);
  }

  @Test
  void onlyRunsHaveSeries() {
    cotrace(2, "export --format tensorboard", run.resolve("circuit.json") + "");
    assertThat(err.toString()).contains("--format tensorboard shows a run of cotrace discover");
  }

  /** Step and number of each event of {@code tag}. */
  private NavigableMap<Long, Float> scalars(String series, String tag) throws IOException {
    NavigableMap<Long, Float> scalars = new TreeMap<>();
    for (byte[] event : records(series)) {
      Fields fields = new Fields(event);
      for (byte[] value : new Fields(fields.bytes(5)).all(1)) {
        Fields scalar = new Fields(value);
        if (new String(scalar.bytes(1), StandardCharsets.UTF_8).equals(tag)) {
          scalars.put(fields.number(2), Float.intBitsToFloat((int) scalar.number(2)));
        }
      }
    }
    return scalars;
  }

  private List<byte[]> records(String series) throws IOException {
    Path file;
    try (Stream<Path> files = Files.list(events.resolve(series))) {
      file = files.filter(each -> each.toString().endsWith(".cotrace")).findFirst().orElseThrow();
    }
    byte[] bytes = Files.readAllBytes(file);
    assertThat(HexFormat.of().formatHex(bytes, 0, 12)).isEqualTo(BEGINNING);
    List<byte[]> records = new ArrayList<>();
    ByteBuffer left = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    while (left.hasRemaining()) {
      int at = left.position();
      byte[] record = new byte[(int) left.getLong()];
      assertThat(left.getInt()).isEqualTo(masked(Arrays.copyOfRange(bytes, at, at + 8)));
      left.get(record);
      assertThat(left.getInt()).isEqualTo(masked(record));
      records.add(record);
    }
    return records;
  }

  /** As tensorflow/core/lib/hash/crc32c.h writes it. */
  private static int masked(byte[] bytes) {
    CRC32C crc = new CRC32C();
    crc.update(bytes);
    long value = crc.getValue();
    return (int) (((value >>> 15) | (value << 17)) + 0xa282ead8L);
  }

  /** The fields of a protobuf message. */
  private static final class Fields {
    private record Field(int number, long value, byte[] bytes) {}

    private final List<Field> fields = new ArrayList<>();

    Fields(byte[] message) {
      ByteBuffer left = ByteBuffer.wrap(message).order(ByteOrder.LITTLE_ENDIAN);
      while (left.hasRemaining()) {
        long key = varint(left);
        int number = (int) (key >> 3);
        switch ((int) (key & 7)) {
          case 0 -> fields.add(new Field(number, varint(left), new byte[0]));
          case 1 -> fields.add(new Field(number, left.getLong(), new byte[0]));
          case 2 -> {
            byte[] bytes = new byte[(int) varint(left)];
            left.get(bytes);
            fields.add(new Field(number, 0, bytes));
          }
          case 5 -> fields.add(new Field(number, left.getInt(), new byte[0]));
          default -> throw new AssertionError("no such wire type in " + key);
        }
      }
    }

    private static long varint(ByteBuffer left) {
      long value = 0;
      for (int shift = 0; ; shift += 7) {
        byte next = left.get();
        value |= (next & 0x7fL) << shift;
        if (next >= 0) {
          return value;
        }
      }
    }

    long number(int number) {
      return fields.stream()
          .filter(field -> field.number == number)
          .mapToLong(Field::value)
          .findFirst()
          .orElse(0);
    }

    byte[] bytes(int number) {
      return all(number).stream().findFirst().orElse(new byte[0]);
    }

    List<byte[]> all(int number) {
      return fields.stream().filter(f -> f.number == number).map(Field::bytes).toList();
    }
  }

  private void cotrace(int code, String words, String... more) {
    err.getBuffer().setLength(0);
    List<String> arguments = new ArrayList<>(List.of(words.split(" ")));
    arguments.addAll(List.of(more));
    assertThat(
            Main.commandLine(new Interruption())
                .setOut(new PrintWriter(out))
                .setErr(new PrintWriter(err, true))
                .execute(arguments.toArray(String[]::new)))
        .as(err.toString())
        .isEqualTo(code);
  }
}
