package dev.cotrace.feature;

import dev.cotrace.dictionary.Site;
import dev.cotrace.model.Architecture;
import dev.cotrace.model.Decoder;
import dev.cotrace.torch.Holder;
import dev.cotrace.torch.Placement;
import dev.cotrace.torch.Precision;
import dev.cotrace.torch.Scope;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntConsumer;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/**
 * Activations to train a dictionary on: inputs, and the outputs that are to come of them, both
 * scaled to a variance of 1 a dimension in the mean. Owns their memory.
 */
public final class TrainingData implements AutoCloseable {
  /** Sequences whose activations are collected together. */
  private static final int TOGETHER = 256;

  private final Placement placement;
  private final Scaled inputs;
  private final Scaled outputs;

  /**
   * Activations of one site.
   *
   * @param values {@code [N, width]}, times {@code factor}
   * @param mean of the scaled values, {@code [width]}
   */
  record Scaled(Holder values, Holder mean, double factor) implements AutoCloseable {
    /** Positions at a time. */
    private static final long PART = 1 << 14;

    /** Takes over {@code values}, which are multiplied where they lie. */
    static Scaled of(Site site, Holder values) {
      try (Scope _ = new Scope()) {
        Tensor all = values.get();
        Tensor mean = all.mean(new long[] {0}, false, null);
        // In parts: nothing as large as the values is made beside them.
        double squares = 0;
        for (long first = 0; first < all.size(0); first += PART) {
          try (Scope _ = new Scope()) {
            Tensor part = all.narrow(0, first, Math.min(PART, all.size(0) - first));
            squares += Placement.toDoubles(part.sub(mean).square().sum())[0];
          }
        }
        double variance = squares / all.numel();
        if (!(variance > 0) || Double.isInfinite(variance)) {
          throw new IllegalArgumentException(
              "the activations at %s have a variance of %s: there is nothing to learn from"
                  .formatted(site, variance));
        }
        double factor = 1 / Math.sqrt(variance);
        all.mul_(new Scalar(factor));
        return new Scaled(values, new Holder(mean.mul(new Scalar(factor))), factor);
      }
    }

    @Override
    public void close() {
      values.close();
      mean.close();
    }
  }

  private TrainingData(Placement placement, Scaled inputs, Scaled outputs) {
    this.placement = placement;
    this.inputs = inputs;
    this.outputs = outputs;
  }

  /** Where dictionaries for a model at {@code model} are trained: in float32 at least. */
  public static Placement placement(Placement model) {
    return model.precision() == Precision.BFLOAT16
        ? new Placement(Precision.FLOAT32, model.device())
        : model;
  }

  /**
   * Bytes that {@code positions} activations take at both sites of {@code settings}, and features
   * with their gradients, Adam's two moments and their activations in a batch.
   */
  public static double bytes(
      TrainingSettings settings, Architecture architecture, Placement model, long positions) {
    double input = Activations.width(settings.input(), architecture);
    double output = Activations.width(settings.output(), architecture);
    double values = positions * (settings.form().transcoder() ? input + output : input);
    double features = settings.features() * (4 * (input + output) + 4.0 * settings.batch());
    return (values + features) * placement(model).precision().bytes();
  }

  /**
   * The activations of {@code sequences} at the sites of {@code settings}.
   *
   * @param sequences token ids from position 0, at least one
   * @param progress hears how many sequences are done
   * @throws IllegalArgumentException when the model lacks a site, or nothing varies there
   */
  public static TrainingData collect(
      Decoder decoder, TrainingSettings settings, List<int[]> sequences, IntConsumer progress) {
    List<Site> sites =
        settings.form().transcoder()
            ? List.of(settings.input(), settings.output())
            : List.of(settings.input());
    Placement placement = placement(decoder.placement());
    long positions = sequences.stream().mapToLong(ids -> ids.length).sum();
    List<Holder> all = new ArrayList<>();
    List<Scaled> scaled = new ArrayList<>();
    try (Scope _ = new Scope()) {
      for (Site site : sites) {
        Activations.require(site, decoder.architecture());
        int width = Activations.width(site, decoder.architecture());
        all.add(new Holder(placement.empty(positions, width)));
      }
      fill(new Activations(decoder), sites, sequences, all, progress);
      for (int i = 0; i < sites.size(); i++) {
        scaled.add(Scaled.of(sites.get(i), all.get(i)));
      }
      return new TrainingData(placement, scaled.getFirst(), scaled.getLast());
    } catch (RuntimeException | Error e) {
      scaled.forEach(Scaled::close);
      all.forEach(Holder::close);
      throw e;
    }
  }

  private static void fill(
      Activations activations,
      List<Site> sites,
      List<int[]> sequences,
      List<Holder> all,
      IntConsumer progress) {
    long at = 0;
    for (int first = 0; first < sequences.size(); first += TOGETHER) {
      int end = Math.min(sequences.size(), first + TOGETHER);
      try (Scope _ = new Scope()) {
        List<Tensor> parts = activations.at(sites, sequences.subList(first, end));
        long count = parts.getFirst().size(0);
        for (int i = 0; i < parts.size(); i++) {
          all.get(i).get().narrow(0, at, count).copy_(parts.get(i));
        }
        at += count;
      }
      progress.accept(end);
    }
  }

  /** N, how many positions there are. */
  public long positions() {
    return inputs.values.get().size(0);
  }

  Placement placement() {
    return placement;
  }

  Scaled inputs() {
    return inputs;
  }

  /** The inputs themselves where a dictionary writes where it reads. */
  Scaled outputs() {
    return outputs;
  }

  @Override
  public void close() {
    inputs.close();
    outputs.close();
  }
}
