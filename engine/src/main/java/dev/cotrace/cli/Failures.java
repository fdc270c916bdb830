package dev.cotrace.cli;

import dev.cotrace.BadInput;
import dev.cotrace.hub.HubException;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.util.Locale;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.ExecutionException;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/** From what went wrong to a sentence and an exit code. */
final class Failures {
  private static final int BUG = 1;
  private static final int NO_NETWORK = 1;
  private static final int BAD_INPUT = 2;

  private Failures() {}

  /** Answers a command line that cannot be read. */
  static int handle(ParameterException e, String[] arguments) {
    CommandLine command = e.getCommandLine();
    PrintWriter err = command.getErr();
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
    PrintWriter err = command.getErr();
    Main main = (Main) command.getCommandSpec().root().userObject();
    if (e instanceof CancellationException || main.interruption().requested()) {
      return Interruption.EXIT_CODE;
    }
    String sentence = sentence(e);
    if (sentence == null) {
      err.println("cotrace: this is a bug in Cotrace; please report it with what follows");
      e.printStackTrace(err);
      return BUG;
    }
    err.println("cotrace: " + sentence);
    return network(e) ? NO_NETWORK : BAD_INPUT;
  }

  /** Whether another server or another hour would have served. */
  private static boolean network(Throwable e) {
    return e instanceof HubException hub && !hub.fault().isInput();
  }

  /** What the user did that cannot work, or null for a bug of ours. */
  private static @Nullable String sentence(Throwable e) {
    if (outOfMemory(e)) {
      return "out of memory: lower --batch-rows, --threads or --max-new-tokens, or use --dtype bfloat16 (%s)"
          .formatted(firstLine(e.getMessage()));
    }
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
    boolean about =
        text.contains("cuda") || text.contains("device string") || text.contains("device type");
    if (!about) {
      return null;
    }
    return message.contains("aten::")
        ? "the --device cannot be used: this build of libtorch has nothing to compute with there; use cpu"
        : "the --device cannot be used: " + message.split("\n|\\.( |$)", 2)[0];
  }

  private static boolean outOfMemory(Throwable e) {
    String message = String.valueOf(e.getMessage()).toLowerCase(Locale.ROOT);
    return e instanceof OutOfMemoryError
        || message.contains("out of memory")
        || message.contains("can't allocate memory");
  }

  private static String firstLine(@Nullable String message) {
    return message == null ? "no more is known" : message.lines().findFirst().orElse("");
  }
}
