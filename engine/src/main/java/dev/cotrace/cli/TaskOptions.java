package dev.cotrace.cli;

import picocli.CommandLine.Mixin;

/** Flags of a command that runs a model with gates on a task: those without, and what has gates. */
@SuppressWarnings("UnusedVariable") // picocli fills them, Flags reads what it set.
final class TaskOptions extends PlainTaskOptions {
  @Mixin private final UnitOptions units = new UnitOptions();
}
