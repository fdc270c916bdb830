package dev.cotrace.planted.gate;

/** Lives in a package that is not null-marked. */
public final class HasNoPackageInfo {}
