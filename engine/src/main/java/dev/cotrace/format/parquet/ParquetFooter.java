package dev.cotrace.format.parquet;

import dev.hardwood.metadata.ColumnChunk;
import dev.hardwood.metadata.ColumnMetaData;
import dev.hardwood.metadata.FileMetaData;
import dev.hardwood.metadata.RowGroup;
import dev.hardwood.schema.ColumnSchema;
import dev.hardwood.schema.FileSchema;
import java.io.IOException;
import java.nio.channels.FileChannel;

/**
 * Looks at what a file's footer says of rows and columns before anything is decoded: a file of a
 * few bytes can claim any number of rows.
 */
final class ParquetFooter {
  private ParquetFooter() {}

  /**
   * Checks a footer and all pages that it names.
   *
   * @throws IllegalArgumentException saying what is wrong and where
   */
  static void check(FileChannel file, FileMetaData footer, FileSchema schema) throws IOException {
    if (schema.getColumnCount() == 0) {
      throw new IllegalArgumentException("the file has no columns");
    }
    long rows = 0;
    for (RowGroup group : footer.rowGroups()) {
      check(file, group, schema);
      rows = Math.addExact(rows, group.numRows());
    }
    if (rows != footer.numRows()) {
      throw new IllegalArgumentException(
          "the file says it has %d rows, its parts have %d".formatted(footer.numRows(), rows));
    }
  }

  private static void check(FileChannel file, RowGroup group, FileSchema schema)
      throws IOException {
    if (group.columns().size() != schema.getColumnCount()) {
      throw new IllegalArgumentException(
          "a part of the file has %d columns of %d"
              .formatted(group.columns().size(), schema.getColumnCount()));
    }
    for (int i = 0; i < schema.getColumnCount(); i++) {
      ColumnChunk chunk = group.columns().get(i);
      ColumnSchema column = schema.getColumn(i);
      ParquetPages.check(file, chunk);
      ColumnMetaData data = chunk.metaData();
      long values = data.numValues();
      boolean list = column.maxRepetitionLevel() > 0;
      if (list ? values < group.numRows() : values != group.numRows()) {
        throw new IllegalArgumentException(
            "the column %s has %d values for %d rows"
                .formatted(column.name(), values, group.numRows()));
      }
      if (data.type() != column.type()) {
        throw new IllegalArgumentException(
            "the column %s is of the types %s and %s"
                .formatted(column.name(), column.type(), data.type()));
      }
    }
  }
}
