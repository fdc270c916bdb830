package dev.cotrace.attribution;

/** Steps of Adam (Kingma and Ba 2015, arXiv 1412.6980) down a noisy gradient. */
final class Adam {
  private static final double MEAN_DECAY = 0.9;
  private static final double SQUARE_DECAY = 0.999;
  private static final double EPSILON = 1e-8;

  private final double rate;
  private final double[] mean;
  private final double[] square;
  private int steps;

  /**
   * No steps yet.
   *
   * @param rate how far a step goes at most, about
   * @param size number of parameters
   */
  Adam(double rate, int size) {
    this.rate = rate;
    mean = new double[size];
    square = new double[size];
  }

  /** Moves {@code parameters} a step down {@code gradient}. */
  void step(double[] parameters, double[] gradient) {
    steps++;
    double meanShare = 1 - Math.pow(MEAN_DECAY, steps);
    double squareShare = 1 - Math.pow(SQUARE_DECAY, steps);
    for (int i = 0; i < parameters.length; i++) {
      mean[i] += (1 - MEAN_DECAY) * (gradient[i] - mean[i]);
      square[i] += (1 - SQUARE_DECAY) * (gradient[i] * gradient[i] - square[i]);
      parameters[i] -=
          rate * (mean[i] / meanShare) / (Math.sqrt(square[i] / squareShare) + EPSILON);
    }
  }
}
