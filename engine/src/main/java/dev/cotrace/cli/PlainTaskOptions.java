package dev.cotrace.cli;

import java.util.Map;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/**
 * Flags of a command that runs a model without gates on a task. Each is a key of the specification.
 */
@SuppressWarnings("UnusedVariable") // picocli fills them, Flags reads what it set.
sealed class PlainTaskOptions permits TaskOptions {
  @Mixin private final ModelOptions model = new ModelOptions();
  @Mixin private final SamplingOptions sampling = new SamplingOptions();
  @Mixin private final CorruptionOptions corruption = new CorruptionOptions();
  @Mixin private final OutcomeOptions outcomes = new OutcomeOptions();
  @Mixin private final MachineOptions machine = new MachineOptions();

  @Spec(Spec.Target.MIXEE)
  @SuppressWarnings("NullAway.Init") // picocli sets it.
  private CommandSpec command;

  /** The flags given, by key. */
  Map<String, Object> flags() {
    return Flags.given(
        command,
        ModelOptions.class,
        UnitOptions.class,
        SamplingOptions.class,
        CorruptionOptions.class,
        OutcomeOptions.class,
        MachineOptions.class);
  }
}
