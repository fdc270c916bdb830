package dev.cotrace.format;

import java.nio.file.Path;

/** Where the recorded reference files lie. */
public final class Goldens {
  private Goldens() {}

  /** The repository root. */
  public static Path root() {
    return Path.of(System.getProperty("cotrace.root", ".."));
  }

  /** A file under {@code goldens/}. */
  public static Path file(String name) {
    return root().resolve("goldens").resolve(name);
  }

  /** The built-in model's GGUF file, which is fetched and may be absent. */
  public static Path smollm2() {
    return root().resolve("models/cache/SmolLM2-135M-Instruct.Q4_1.gguf");
  }
}
