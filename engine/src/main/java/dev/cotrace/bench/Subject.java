package dev.cotrace.bench;

import dev.cotrace.ModelSource;
import dev.cotrace.model.Decoder;
import dev.cotrace.model.Model;
import dev.cotrace.model.Weights;
import java.io.IOException;
import java.util.Collections;

/**
 * The model that is measured.
 *
 * @param name as it was asked for
 * @param decoder its forward pass
 * @param parameters their number
 * @param memory frees them
 */
record Subject(String name, Decoder decoder, long parameters, Runnable memory)
    implements AutoCloseable {
  private static final int SEED = 1;

  /**
   * Loads the model of {@code settings}, or fills its shape with random parameters.
   *
   * @throws IllegalArgumentException when its positions are too few for what is to be measured
   */
  static Subject open(BenchSettings settings) throws IOException {
    Subject subject =
        settings.model() == null ? random(settings) : load(settings.model(), settings);
    int tokens = Collections.max(settings.tokens());
    int positions = subject.decoder.architecture().maxPositions();
    if (settings.promptTokens() + tokens > positions) {
      subject.close();
      throw new IllegalArgumentException(
          "--tokens %d after --prompt-tokens %d need %d positions, but %s has %d: ask for fewer"
              .formatted(
                  tokens,
                  settings.promptTokens(),
                  settings.promptTokens() + tokens,
                  subject.name,
                  positions));
    }
    return subject;
  }

  private static Subject load(String name, BenchSettings settings) throws IOException {
    Model model = Model.load(ModelSource.find(name).path(), settings.placement());
    return new Subject(name, model.decoder(), model.parameterCount(), model::close);
  }

  private static Subject random(BenchSettings settings) {
    Weights weights = Weights.random(settings.shape().architecture(), settings.placement(), SEED);
    Decoder decoder = new Decoder(settings.shape().architecture(), weights);
    return new Subject(settings.shape().label(), decoder, weights.count(), weights::close);
  }

  @Override
  public void close() {
    memory.run();
  }
}
