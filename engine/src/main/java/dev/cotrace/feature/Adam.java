package dev.cotrace.feature;

import dev.cotrace.torch.Holder;
import dev.cotrace.torch.Scope;
import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** Steps of Adam (Kingma and Ba 2015, arXiv 1412.6980) on tensors where they lie. */
final class Adam implements AutoCloseable {
  private static final double MEAN_DECAY = 0.9;
  private static final double SQUARE_DECAY = 0.999;
  private static final double EPSILON = 1e-8;

  private final List<Holder> parameters;
  private final List<Holder> means;
  private final List<Holder> squares;
  private int steps;

  /** No steps yet. */
  Adam(List<Holder> parameters) {
    this.parameters = parameters;
    means = zerosLike(parameters);
    squares = zerosLike(parameters);
  }

  private static List<Holder> zerosLike(List<Holder> tensors) {
    try (Scope _ = new Scope()) {
      return tensors.stream().map(each -> new Holder(torch.zeros_like(each.get()))).toList();
    }
  }

  /** Moves every parameter a step down its gradient. */
  void step(double rate, List<Tensor> gradients) {
    steps++;
    double meanShare = 1 - Math.pow(MEAN_DECAY, steps);
    double squareShare = 1 - Math.pow(SQUARE_DECAY, steps);
    for (int i = 0; i < parameters.size(); i++) {
      try (Scope _ = new Scope()) {
        Tensor gradient = gradients.get(i);
        Tensor mean = means.get(i).get();
        Tensor square = squares.get(i).get();
        mean.mul_(new Scalar(MEAN_DECAY)).add_(gradient, new Scalar(1 - MEAN_DECAY));
        square
            .mul_(new Scalar(SQUARE_DECAY))
            .addcmul_(gradient, gradient, new Scalar(1 - SQUARE_DECAY));
        Tensor root = square.div(new Scalar(squareShare)).sqrt_().add_(new Scalar(EPSILON));
        parameters.get(i).get().addcdiv_(mean, root, new Scalar(-rate / meanShare));
      }
    }
  }

  @Override
  public void close() {
    means.forEach(Holder::close);
    squares.forEach(Holder::close);
  }
}
