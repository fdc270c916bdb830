package dev.cotrace.cli;

import dev.cotrace.BadInput;
import dev.cotrace.hub.HubException;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CancellationException;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.ExecutionException;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/** From what went wrong to a sentence and an exit code. */
final class Failures {
  private static final int BUG = 1;
  private static final int NO_NETWORK = 1;
  private static final int BAD_INPUT = 2;

  /** Characters of a sentence, and of its end where it has more. */
  private static final int LONGEST = 2000;

  private static final int LAST = 500;

  private Failures() {}

  /** Answers a command line that cannot be read. */
  static int handle(ParameterException e, String[] arguments) {
    CommandLine command = e.getCommandLine();
    PrintWriter err = SafeWriter.to(command.getErr());
    err.println("cotrace: " + firstLine(e.getMessage()));
    if (e instanceof UnmatchedArgumentException unmatched) {
      for (String suggestion : unmatched.getSuggestions()) {
        err.println("cotrace: did you mean " + suggestion + "?");
      }
    }
    err.println("See " + command.getCommandSpec().qualifiedName() + " --help.");
    return BAD_INPUT;
  }

  /** Answers a command that failed. */
  static int handle(Exception e, CommandLine command, @Nullable ParseResult parsed) {
    PrintWriter err = SafeWriter.to(command.getErr());
    Main main = (Main) command.getCommandSpec().root().userObject();
    if (e instanceof CancellationException || main.interruption().requested()) {
      return main.interruption().exitCode();
    }
    String sentence = outOfMemory(e) ? tooLarge(e, command, parsed) : sentence(e);
    if (sentence == null) {
      err.println("cotrace: this is a bug in Cotrace; please report it with what follows");
      e.printStackTrace(err);
      return BUG;
    }
    err.println("cotrace: " + shortened(sentence));
    return network(e) ? NO_NETWORK : BAD_INPUT;
  }

  /** Without the middle of what was given, should that be very long. */
  private static String shortened(String sentence) {
    return sentence.length() <= LONGEST
        ? sentence
        : sentence.substring(0, LONGEST - LAST)
            + " … "
            + sentence.substring(sentence.length() - LAST);
  }

  /** Whether another server or another hour would have served. */
  private static boolean network(Throwable e) {
    return e instanceof HubException hub && !hub.fault().isInput();
  }

  /** What the user did that cannot work, or null for a bug of ours. */
  private static @Nullable String sentence(Throwable e) {
    return switch (e) {
      case ExecutionException wrapped when wrapped.getCause() != null ->
          sentence(wrapped.getCause());
      case UncheckedIOException io when io.getCause() != null -> sentence(io.getCause());
      case HubException hub -> hub.getMessage();
      case NoSuchFileException missing -> missing.getFile() + " does not exist";
      case AccessDeniedException denied -> denied.getFile() + " may not be read or written";
      case IOException io -> "reading or writing failed: " + io.getMessage();
      case RuntimeException bad when BadInput.is(bad) -> bad.getMessage();
      case RuntimeException torch when torch.getClass() == RuntimeException.class ->
          device(String.valueOf(torch.getMessage()));
      default -> null;
    };
  }

  /** libtorch's refusal of a device; its exceptions have no types of their own. */
  private static @Nullable String device(String message) {
    String text = message.toLowerCase(Locale.ROOT);
    if (text.contains("could not run 'aten::") && text.contains("'cuda' backend")) {
      return "the --device cannot be used: this build of libtorch computes on the CPU alone; use cpu, or build with mvn -Pcuda package";
    }
    boolean about =
        Stream.of("compiled with cuda", "no cuda", "cuda driver", "invalid device ordinal")
            .anyMatch(text::contains);
    return about ? "the --device cannot be used: " + message.split("\n|\\.( |$)", 2)[0] : null;
  }

  /** What would take less, in the flags of the command that ran. */
  private static String tooLarge(Throwable e, CommandLine command, @Nullable ParseResult parsed) {
    CommandSpec asked = command.getCommandSpec();
    for (ParseResult at = parsed; at != null; at = at.subcommand()) {
      asked = at.commandSpec();
    }
    List<String> flags =
        Stream.of("--batch-rows", "--batch", "--threads", "--max-new-tokens", "--tokens")
            .filter(asked.optionsMap()::containsKey)
            .toList();
    return "out of memory: %s (%s)"
        .formatted(
            flags.isEmpty()
                ? "the model is too large for this machine"
                : "lower %s, or use --dtype bfloat16".formatted(String.join(", ", flags)),
            firstLine(e.getMessage()));
  }

  private static boolean outOfMemory(Throwable e) {
    if (e instanceof ExecutionException && e.getCause() != null) {
      return outOfMemory(e.getCause());
    }
    String message = String.valueOf(e.getMessage()).toLowerCase(Locale.ROOT);
    return e instanceof OutOfMemoryError
        || message.contains("out of memory")
        || message.contains("can't allocate memory");
  }

  private static String firstLine(@Nullable String message) {
    return message == null ? "no more is known" : message.lines().findFirst().orElse("");
  }
}
