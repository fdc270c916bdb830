package dev.cotrace.planted.model;

import dev.cotrace.planted.format.OpensModel;

/** Half of a cycle; this door is open. */
public record UsesFormat(OpensModel other) {}
