package dev.cotrace.cli;

import dev.cotrace.Provenance;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.function.Function;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExecutionException;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.RunLast;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** The command {@code cotrace}. */
@Command(
    name = "cotrace",
    description = {
      "Finds which parts of a language model do a task, through its sampled chains of thought."
    },
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      DemoCommand.class,
      DiscoverCommand.class,
      PlanCommand.class,
      MergeCommand.class,
      RerunCommand.class,
      ShowCommand.class,
      EvaluateCommand.class,
      VerifyCommand.class,
      EdgesCommand.class,
      PruneCommand.class,
      SelectCommand.class,
      SampleCommand.class,
      CompareCommand.class,
      DiffCommand.class,
      ReportCommand.class,
      ServeCommand.class,
      ExportCommand.class,
      MeansCommand.class,
      TrainSaeCommand.class,
      FeaturesCommand.class,
      GenerateCommand.class,
      LogitsCommand.class,
      DoctorCommand.class,
      InfoCommand.class,
      ModelsCommand.class,
      PullCommand.class,
      RecoverCommand.class,
      BenchCommand.class,
      CompletionCommand.class
    },
    footer = {
      "",
      "Begin with",
      "  cotrace demo",
      "then, for a model and a task of your own,",
      "  cotrace sample   --model models/arithmetic --task models/tasks/arithmetic-sum.jsonl",
      "  cotrace discover --model models/arithmetic --task models/tasks/arithmetic-sum.jsonl",
      "  cotrace show     runs/NAME",
      "",
      "cotrace help COMMAND says what a command takes, with examples."
    })
public final class Main implements Runnable {
  private final Interruption interruption;
  private final Map<String, String> environment;

  @Spec
  @SuppressWarnings("NullAway.Init") // picocli sets it.
  private CommandSpec spec;

  private Main(Interruption interruption, Map<String, String> environment) {
    this.interruption = interruption;
    this.environment = Map.copyOf(environment);
  }

  /** Runs the command in {@code arguments} and ends the JVM with its exit code. */
  public static void main(String[] arguments) {
    Interruption interruption = new Interruption();
    interruption.listen();
    CommandLine commands =
        commandLine(interruption)
            .setOut(new PrintWriter(System.out, true, StandardCharsets.UTF_8))
            .setErr(new PrintWriter(System.err, true, StandardCharsets.UTF_8));
    int code = commands.execute(arguments);
    interruption.workIsOver(code);
    System.exit(code);
  }

  /** The command line; it asks {@code interruption} whether to go on. */
  static CommandLine commandLine(Interruption interruption) {
    return commandLine(interruption, System.getenv());
  }

  /** The same in another environment, as far as the hub is concerned. */
  static CommandLine commandLine(Interruption interruption, Map<String, String> environment) {
    CommandLine commands = new CommandLine(new Main(interruption, environment));
    commands.setExecutionExceptionHandler(Failures::handle);
    commands.setParameterExceptionHandler(Failures::handle);
    commands.setExecutionStrategy(Main::execute);
    commands.setCaseInsensitiveEnumValuesAllowed(true);
    numbers(commands, "a whole number", Integer::valueOf, int.class, Integer.class);
    numbers(commands, "a whole number", Long::valueOf, long.class, Long.class);
    numbers(commands, "a number", Double::valueOf, double.class, Double.class);
    CommandLine help = new CommandLine(new HelpCommand());
    help.getCommandSpec().usageMessage().footer("", "Example", "  cotrace help discover");
    OptionSections.in(commands.addSubcommand("help", help));
    return commands.setUsageHelpWidth(100).setAbbreviatedOptionsAllowed(false);
  }

  /** Calls what is no number so, rather than by its type in Java. */
  @SafeVarargs
  private static <T> void numbers(
      CommandLine commands, String what, Function<String, T> read, Class<T>... types) {
    for (Class<T> type : types) {
      commands.registerConverter(
          type,
          text -> {
            try {
              return read.apply(text);
            } catch (NumberFormatException _) {
              throw new TypeConversionException("expected %s, got '%s'".formatted(what, text));
            }
          });
    }
  }

  /** Runs the command; running out of memory is a failure like others. */
  private static int execute(ParseResult parsed) {
    try {
      return new RunLast().execute(parsed);
    } catch (OutOfMemoryError e) {
      throw new ExecutionException(parsed.commandSpec().commandLine(), "out of memory", e);
    }
  }

  Interruption interruption() {
    return interruption;
  }

  /** Variables of the process. */
  Map<String, String> environment() {
    return environment;
  }

  @Override
  public void run() {
    throw new ParameterException(
        spec.commandLine(),
        "a command is missing: one of " + String.join(", ", spec.subcommands().keySet()));
  }

  /** Says which Cotrace this is. */
  static final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
      return new String[] {"cotrace " + Provenance.version()};
    }
  }
}
