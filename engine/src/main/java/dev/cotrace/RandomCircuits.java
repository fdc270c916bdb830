package dev.cotrace;

import dev.cotrace.circuit.Circuit;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/** Circuits that know nothing, for comparison. */
final class RandomCircuits {
  private RandomCircuits() {}

  /** A random circuit of the size of {@code circuit}, a function of it and {@code seed} alone. */
  static Circuit like(Circuit circuit, long seed) {
    RandomGenerator random =
        RandomGeneratorFactory.of("L64X128MixRandom").create(seed + circuit.size());
    return Circuit.random(circuit.units(), circuit.size(), random);
  }
}
