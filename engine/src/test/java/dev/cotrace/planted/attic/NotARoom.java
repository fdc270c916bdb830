package dev.cotrace.planted.attic;

/** Lives in a package that the architecture does not name. */
public final class NotARoom {}
