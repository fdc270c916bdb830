package dev.cotrace.format.parquet;

import dev.hardwood.HardwoodContext;
import dev.hardwood.reader.ParquetFileReader;
import dev.hardwood.reader.RowReader;
import dev.hardwood.row.FieldAccessor;
import dev.hardwood.row.PqList;
import dev.hardwood.row.PqStruct;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * The rows of a Parquet file as JSON objects: texts, numbers, truth values, lists and structs.
 * Fields that are null, and fields of other types, are left out.
 */
public final class ParquetRows {
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
  private static final int DEEPEST = 32;

  /** Held, or the level would be forgotten: the library tells which instructions it uses. */
  private static final Logger LIBRARY = Logger.getLogger("dev.hardwood");

  static {
    LIBRARY.setLevel(Level.OFF);
  }

  /** Takes rows one by one. */
  @FunctionalInterface
  public interface Sink {
    /**
     * Takes the row of this number, from 1 on.
     *
     * @return whether there should be another
     */
    boolean accept(long number, ObjectNode row);
  }

  private ParquetRows() {}

  /**
   * Hands the rows of {@code file} to {@code sink} until it wants no more.
   *
   * @throws IllegalArgumentException naming the file, and the byte where it is known, when it is
   *     broken; what {@code sink} throws is passed on
   */
  public static void read(Path file, Sink sink) throws IOException {
    try (FileChannel channel = FileChannel.open(file);
        HardwoodContext threads = HardwoodContext.create(1);
        ParquetFileReader reader = open(file, channel, threads)) {
      check(file, channel, reader);
      try (RowReader rows = guarded(file, reader::rowReader)) {
        long number = 1;
        for (Optional<ObjectNode> row = next(file, rows);
            row.isPresent() && sink.accept(number, row.get());
            row = next(file, rows)) {
          number++;
        }
      }
    }
  }

  /**
   * Looks at the footer and at the headers of all pages of {@code file}, as {@link #read} does
   * before it decodes any.
   */
  static void check(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file);
        HardwoodContext threads = HardwoodContext.create(1);
        ParquetFileReader reader = open(file, channel, threads)) {
      check(file, channel, reader);
    }
  }

  private static ParquetFileReader open(Path file, FileChannel channel, HardwoodContext threads)
      throws IOException {
    return guarded(file, () -> ParquetFileReader.open(new CopiedFile(file, channel), threads));
  }

  private static void check(Path file, FileChannel channel, ParquetFileReader reader)
      throws IOException {
    guarded(
        file,
        () -> {
          ParquetFooter.check(channel, reader.getFileMetaData(), reader.getFileSchema());
          return true;
        });
  }

  private static Optional<ObjectNode> next(Path file, RowReader rows) throws IOException {
    return guarded(
        file,
        () -> {
          if (!rows.hasNext()) {
            return Optional.empty();
          }
          rows.next();
          return Optional.of(object(rows, 0));
        });
  }

  private interface Step<T> {
    T take() throws IOException;
  }

  /** Whatever the library trips over is the file's fault; it has no exceptions of its own. */
  private static <T> T guarded(Path file, Step<T> step) throws IOException {
    try {
      return step.take();
    } catch (CancellationException e) {
      throw e;
    } catch (IOException | RuntimeException | OutOfMemoryError | StackOverflowError e) {
      String reason = String.valueOf(e.getMessage()).lines().findFirst().orElse("");
      throw new IllegalArgumentException(
          "%s: expected a Parquet file, but: %s".formatted(file, reason), e);
    }
  }

  private static ObjectNode object(FieldAccessor fields, int depth) {
    ObjectNode object = JSON.objectNode();
    for (int i = 0; i < fields.getFieldCount(); i++) {
      String name = fields.getFieldName(i);
      JsonNode value = fields.isNull(name) ? null : value(fields.getValue(name), depth);
      if (value != null) {
        object.set(name, value);
      }
    }
    return object;
  }

  private static @Nullable JsonNode value(@Nullable Object value, int depth) {
    if (depth > DEEPEST) {
      throw new IllegalArgumentException("fields are nested too deep");
    }
    return switch (value) {
      case String text -> JSON.stringNode(text);
      case Boolean truth -> JSON.booleanNode(truth);
      case Integer whole -> JSON.numberNode(whole);
      case Long whole -> JSON.numberNode(whole);
      case Float number -> JSON.numberNode(number);
      case Double number -> JSON.numberNode(number);
      case BigDecimal number -> JSON.numberNode(number);
      case PqStruct struct -> object(struct, depth + 1);
      case PqList list -> array(list, depth + 1);
      case null, default -> null;
    };
  }

  private static ArrayNode array(PqList list, int depth) {
    ArrayNode array = JSON.arrayNode();
    for (int i = 0; i < list.size(); i++) {
      JsonNode value = list.isNull(i) ? null : value(list.get(i), depth);
      array.add(value == null ? JSON.nullNode() : value);
    }
    return array;
  }
}
