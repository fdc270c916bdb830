package dev.cotrace.feature;

import dev.cotrace.dictionary.Dictionary;
import dev.cotrace.dictionary.SaeLensDictionary;
import dev.cotrace.dictionary.Site;
import dev.cotrace.format.Safetensors;
import dev.cotrace.torch.Placement;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;

/** Token ids and dictionaries for tiny models. */
final class TinyTexts {
  private TinyTexts() {}

  /** {@code count} texts of 2 to 9 of {@code vocabulary} tokens. */
  static List<int[]> of(int count, int vocabulary, long seed) {
    Random random = new Random(seed);
    return IntStream.range(0, count)
        .mapToObj(_ -> random.ints(2 + random.nextInt(8), 0, vocabulary).toArray())
        .toList();
  }

  /**
   * A dictionary that gives back what it reads: features are the coordinates and their negatives.
   */
  static SaeLensDictionary exact(Site site, int width) {
    float[] encoder = new float[2 * width * width];
    float[] decoder = new float[2 * width * width];
    for (int i = 0; i < width; i++) {
      encoder[i * 2 * width + i] = 1;
      encoder[i * 2 * width + width + i] = -1;
      decoder[i * width + i] = 1;
      decoder[(width + i) * width + i] = -1;
    }
    return new SaeLensDictionary(
        TrainingSettings.topK(width),
        site,
        site,
        width,
        width,
        2 * width,
        encoder,
        new float[2 * width],
        decoder,
        new float[width]);
  }

  /** {@code dictionary} written to {@code folder}, which is made, and read again. */
  static Dictionary read(SaeLensDictionary dictionary, Path folder, Placement placement)
      throws IOException {
    Files.createDirectories(folder);
    Files.writeString(
        folder.resolve(SaeLensDictionary.CONFIG),
        dictionary.config("tiny", /* prependedBos= */ false, /* centredNorms= */ true, Map.of()));
    Safetensors.write(folder.resolve(SaeLensDictionary.WEIGHTS), Map.of(), dictionary.tensors());
    return Dictionary.read(folder, placement);
  }
}
