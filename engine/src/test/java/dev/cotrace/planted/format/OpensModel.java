package dev.cotrace.planted.format;

import dev.cotrace.planted.model.UsesFormat;
import org.jspecify.annotations.Nullable;

/** Opens a door that stays shut, and closes a cycle. */
public record OpensModel(@Nullable UsesFormat other) {}
