package dev.cotrace.task;

import org.jspecify.annotations.Nullable;

/**
 * One pair of a task file.
 *
 * @param where file and line, for errors
 * @param id name of the pair, shown to people
 * @param clean the prompt
 * @param corrupted the prompt with what matters changed
 * @param answer the right answer to {@code clean}, text or ids, if the file gives one
 * @param wrong the answer that {@code corrupted} calls for, text or ids, if the file gives one
 */
public record TaskPair(
    String where,
    String id,
    Words clean,
    Words corrupted,
    @Nullable Words answer,
    @Nullable Words wrong) {}
