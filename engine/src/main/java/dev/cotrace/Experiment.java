package dev.cotrace;

import dev.cotrace.attribution.MemoryPlan;
import dev.cotrace.attribution.Workload;
import dev.cotrace.gate.Corruption;
import dev.cotrace.gate.Footprint;
import dev.cotrace.gate.GatedModel;
import dev.cotrace.model.Model;
import dev.cotrace.rollout.Bins;
import dev.cotrace.rollout.Outcomes;
import dev.cotrace.rollout.PromptPair;
import dev.cotrace.rollout.Task;
import dev.cotrace.task.TaskFile;
import dev.cotrace.task.TaskTokens;
import dev.cotrace.task.TextCodec;
import dev.cotrace.task.TokenText;
import dev.cotrace.torch.ByteSize;
import dev.cotrace.torch.Placement;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A loaded model with a task in its tokens.
 *
 * @param spec what it was opened for, with the day that its prompts depend on, if they do
 * @param source where the model is from
 * @param model owns the parameters
 * @param gated the same model with gates on its edges, or on other units
 * @param dictionaries whose features these are
 * @param task the pairs in tokens
 * @param text shows tokens to people
 * @param notices what programs that a run started have to say, for the log; filled from their
 *     threads, lines that nobody takes out are lost beyond a thousand
 */
public record Experiment(
    DiscoverySpec spec,
    ModelSource source,
    Model model,
    GatedModel gated,
    LoadedDictionaries dictionaries,
    Task task,
    TokenText text,
    Queue<String> notices)
    implements AutoCloseable {
  private static final int NOTICES = 1000;

  /**
   * Reads the task, then loads the model: what is wrong with the smaller comes up first.
   *
   * @throws IllegalArgumentException when either cannot be used
   */
  public static Experiment open(DiscoverySpec asked, DiscoveryListener listener)
      throws IOException {
    TaskFile file = TaskFile.read(Path.of(asked.task()), asked.rows());
    file.notes().forEach(listener::say);
    SpecOutcomes.check(asked, file);
    Queue<String> notices = new ArrayBlockingQueue<>(NOTICES);
    ModelSource source = ModelSource.find(asked.model());
    requireRoom(asked, source);
    Model model = load(asked, source, listener);
    Outcomes outcomes = Outcomes.NONE;
    @Nullable LoadedDictionaries dictionaries = null;
    try {
      dictionaries = LoadedDictionaries.read(asked.units(), model, listener);
      GatedModel gated = dictionaries.gated(asked.units(), model.decoder());
      DiscoverySpec spec = ModelText.dated(asked, model, file);
      @Nullable TextCodec codec = ModelText.of(model, ModelText.chat(spec));
      TaskTokens tokens = new TaskTokens(model.architecture(), codec);
      outcomes = SpecOutcomes.bind(spec, codec, listener, notices::offer);
      Corruption corruption = Corruptions.of(spec, model, gated, tokens);
      Task task = tokens.task(file, spec.sampling(), outcomes, corruption);
      int pairs = task.pairs().size();
      listener.say(
          "%d prompt %s from %s".formatted(pairs, pairs == 1 ? "pair" : "pairs", spec.task()));
      int skipped = file.pairs().size() - task.pairs().size();
      if (skipped > 0) {
        listener.say("pairs of unequal length, which are left out: %d".formatted(skipped));
      }
      Corruptions.warn(task, listener);
      return new Experiment(
          spec, source, model, gated, dictionaries, task, new TokenText(codec), notices);
    } catch (RuntimeException | IOException e) {
      outcomes.close();
      if (dictionaries != null) {
        dictionaries.close();
      }
      model.close();
      throw e;
    }
  }

  /** Refuses a model whose weights alone are too large, before they are read. */
  private static void requireRoom(DiscoverySpec spec, ModelSource source) throws IOException {
    Placement placement = new Placement(spec.dtype(), spec.device());
    long needed = Footprint.of(Model.architectureAt(source.path()), placement).weights();
    long allowed = spec.memory().bytes(placement);
    if (needed > allowed) {
      throw new IllegalArgumentException(
          "the weights of %s need %s, but the run may take %s: use --dtype bfloat16, a smaller model, or allow more with --memory"
              .formatted(spec.model(), ByteSize.text(needed), ByteSize.text(allowed)));
    }
  }

  /** Loads the model of {@code spec} as it says. */
  static Model load(DiscoverySpec spec, ModelSource source, DiscoveryListener listener)
      throws IOException {
    Placement placement = new Placement(spec.dtype(), spec.device());
    listener.say("loading %s".formatted(spec.model()));
    return source.load(placement);
  }

  /**
   * How this experiment fits into memory.
   *
   * @throws IllegalArgumentException when it does not
   */
  MemoryPlan memory(MemoryPlan.Purpose purpose) {
    return memory(workload(), purpose);
  }

  /** As {@link #memory(MemoryPlan.Purpose)} for {@code work} of this experiment. */
  MemoryPlan memory(Workload work, MemoryPlan.Purpose purpose) {
    return MemoryPlan.of(work, purpose, spec.memory().bytes(gated.placement()));
  }

  /** What an attribution or evaluation of this experiment is about, laid out as asked. */
  public Workload workload() {
    Bins bins = spec.bins().of(task, text.codec());
    return new Workload(gated, task, spec.objective(), spec.attribution(), bins);
  }

  /** Hands over the notices so far. */
  void tell(Consumer<String> log) {
    for (String notice = notices.poll(); notice != null; notice = notices.poll()) {
      log.accept(notice);
    }
  }

  /** Width of the residual stream, D. */
  public int width() {
    return model.architecture().width();
  }

  /** The tokens fed to the model, ids with strings, a few lines for each pair. */
  public List<String> shown() {
    return task.pairs().stream().map(this::shown).toList();
  }

  /** The same as JSON, in one line. */
  public String shownJson() {
    TokenJson tokens = new TokenJson(text);
    ObjectNode json = new JsonMapper().createObjectNode();
    ArrayNode pairs = json.putArray("pairs");
    task.pairs().forEach(pair -> pairs.add(tokens.pair(pair, task.sampling().answerPrefix())));
    return json.toString();
  }

  /** The tokens fed to the model for {@code pair}. */
  String shown(PromptPair pair) {
    StringBuilder shown =
        new StringBuilder("pair %s, %d tokens".formatted(pair.id(), pair.clean().length))
            .append(prompts(pair));
    if (pair.alignment().length > 0) {
      shown.append("\n  align      ").append(Arrays.toString(pair.alignment()));
    }
    add(shown, "prefix", task.sampling().answerPrefix());
    add(shown, "answer", pair.answer());
    add(shown, "wrong", pair.wrong());
    return shown.toString();
  }

  private String prompts(PromptPair pair) {
    return task.sampling().corruption().readsPrompt()
        ? text.aligned(pair.clean(), pair.corrupted())
        : "\n  clean      " + text.show(pair.clean());
  }

  private void add(StringBuilder shown, String name, int[] ids) {
    if (ids.length > 0) {
      shown.append("\n  %-9s  %s".formatted(name, text.show(ids)));
    }
  }

  @Override
  public void close() {
    task.outcomes().close();
    dictionaries.close();
    model.close();
  }
}
