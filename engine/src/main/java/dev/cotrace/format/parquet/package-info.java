/**
 * Rows of Parquet files, as data sets are published on the Hugging Face hub, without Hadoop.
 *
 * <p>{@link dev.cotrace.format.parquet.ParquetRows} is the door. The library that decodes trusts
 * what a file says of its pages; {@link dev.cotrace.format.parquet.ParquetPages} looks at every
 * page first.
 *
 * <p>Opens nothing.
 */
@NullMarked
package dev.cotrace.format.parquet;

import org.jspecify.annotations.NullMarked;
