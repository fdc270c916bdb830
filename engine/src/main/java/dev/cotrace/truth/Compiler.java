package dev.cotrace.truth;

import static dev.cotrace.truth.Program.OUTPUT;
import static dev.cotrace.truth.Program.POSITION;
import static dev.cotrace.truth.Program.TOKEN;

import dev.cotrace.format.StoredTensor;
import dev.cotrace.truth.Register.Cell;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Writes a program as the parameters of a GPT-2.
 *
 * <p>Two things would blur what an edge does, and are kept out. The norms divide by {@code √(σ² +
 * ε)}: with ε = 2^60 and gains of 2^30 they divide by one, for any stream whose variance is small
 * against 2^60. They also subtract the mean: one coordinate, the <em>balance</em>, takes what makes
 * every output's sum zero.
 */
final class Compiler {
  /** ε of the norms. */
  static final double EPSILON = 0x1p60;

  private static final float GAIN = 0x1p30f; // √ε

  /** Logits of a position above the others: they get a weight of exactly zero. */
  private static final double CERTAIN = 1000;

  /**
   * Logits of a match above the others, which get e^-20 of its weight. What matches may lie between
   * the clean and the corrupted prompt's, so attention must not jump.
   */
  private static final double MATCH = 20;

  /** Logits of a token in {@link Program#OUTPUT} above the others. */
  private static final double CONFIDENCE = 6;

  /** Hidden units see their input times this, so that GELU is a hinge: exact at whole numbers. */
  private static final double SHARPNESS = 16;

  private final Program program;
  private final List<Register> registers;
  private final int headWidth;
  private final int width;
  private final int balance;
  private final int hidden;
  private final List<StoredTensor> tensors = new ArrayList<>();

  private Compiler(Program program) {
    this.program = program;
    registers =
        Stream.concat(Stream.of(TOKEN, POSITION, OUTPUT), program.scratch().stream()).toList();
    balance = registers.stream().mapToInt(Register::size).sum();
    int widest = registers.stream().mapToInt(Register::size).max().orElseThrow();
    headWidth = Math.max(widest, Math.ceilDiv(balance + 1, program.heads()));
    width = program.heads() * headWidth;
    int rules = program.layers().stream().mapToInt(layer -> layer.rules().size()).max().orElse(0);
    hidden = program.saturating() ? 2 * rules : rules;
  }

  /**
   * A compiled program.
   *
   * @param width of the residual stream D
   * @param hidden units of every MLP F
   * @param tensors named and laid out as Hugging Face's {@code GPT2LMHeadModel} has them
   */
  record Compiled(int width, int hidden, List<StoredTensor> tensors) {}

  static Compiled compile(Program program) {
    Compiler compiler = new Compiler(program);
    compiler.writeEmbedding("transformer.wte.weight", TOKEN);
    compiler.writeEmbedding("transformer.wpe.weight", POSITION);
    for (int layer = 0; layer < program.layers().size(); layer++) {
      String prefix = "transformer.h.%d.".formatted(layer);
      compiler.writeNorm(prefix + "ln_1");
      compiler.writeHeads(prefix + "attn.", program.layers().get(layer).heads());
      compiler.writeNorm(prefix + "ln_2");
      compiler.writeRules(prefix + "mlp.", program.layers().get(layer).rules());
    }
    compiler.writeNorm("transformer.ln_f");
    compiler.writeUnembedding();
    return new Compiled(compiler.width, compiler.hidden, compiler.tensors);
  }

  private void writeEmbedding(String name, Register register) {
    Matrix embedding = new Matrix(register.size(), width);
    for (int value = 0; value < register.size(); value++) {
      write(embedding, value, register.at(value), 1);
    }
    keep(name, embedding);
  }

  private void writeUnembedding() {
    Matrix unembedding = new Matrix(OUTPUT.size(), width);
    for (int value = 0; value < OUTPUT.size(); value++) {
      unembedding.add(value, coordinate(OUTPUT.at(value)), CONFIDENCE);
    }
    keep("lm_head.weight", unembedding);
  }

  private void writeNorm(String name) {
    Matrix gain = new Matrix(1, width);
    for (int i = 0; i < width; i++) {
      gain.add(0, i, GAIN);
    }
    keepVector(name + ".weight", gain);
    keepVector(name + ".bias", new Matrix(1, width));
  }

  private void writeHeads(String prefix, List<Head> heads) {
    Matrix in = new Matrix(width, 3 * width); // columns: all queries, all keys, all values
    Matrix bias = new Matrix(1, 3 * width);
    Matrix out = new Matrix(width, width);
    for (int index = 0; index < heads.size(); index++) {
      Head head = heads.get(index);
      int query = index * headWidth;
      writeAttention(head.attend(), in, bias, query, width + query);
      for (int i = 0; i < head.from().size(); i++) {
        in.add(coordinate(head.from().at(i)), 2 * width + query + i, 1);
        write(out, query + i, head.to().at(i), head.gain());
      }
    }
    keep(prefix + "c_attn.weight", in);
    keepVector(prefix + "c_attn.bias", bias);
    keep(prefix + "c_proj.weight", out);
    keepVector(prefix + "c_proj.bias", new Matrix(1, width));
  }

  /** Queries and keys whose product, divided by the root of their width, are those logits. */
  private void writeAttention(Attend attend, Matrix in, Matrix bias, int query, int key) {
    double root = Math.sqrt(headWidth);
    switch (attend) {
      case Attend.Position(int position) -> {
        bias.add(0, query, CERTAIN * root);
        in.add(coordinate(POSITION.at(position)), key, 1);
      }
      case Attend.Back(int distance) -> {
        for (int position = 0; position < POSITION.size(); position++) {
          in.add(coordinate(POSITION.at(position)), key + position, 1);
          if (position >= distance) {
            in.add(coordinate(POSITION.at(position)), query + position - distance, CERTAIN * root);
          }
        }
      }
      case Attend.Match(Register wanted, Register offered) -> {
        for (int i = 0; i < wanted.size(); i++) {
          in.add(coordinate(wanted.at(i)), query + i, MATCH * root);
          in.add(coordinate(offered.at(i)), key + i, 1);
        }
      }
    }
  }

  /**
   * One hinge for a rule of n cells, {@code 2(Σ − n + ½)} above zero: 0 where a cell is missing, 1
   * where none is. A saturating one is {@code 2(Σ − n + ¾)} between 0 and 1.
   */
  private void writeRules(String prefix, List<Rule> rules) {
    Matrix in = new Matrix(width, hidden);
    Matrix bias = new Matrix(1, hidden);
    Matrix out = new Matrix(hidden, width);
    int unit = 0;
    for (Rule rule : rules) {
      double threshold = rule.when().size() - (program.saturating() ? 0.75 : 0.5);
      writeHinge(rule, unit++, threshold, 1, in, bias, out);
      if (program.saturating()) {
        writeHinge(rule, unit++, threshold + 0.5, -1, in, bias, out);
      }
    }
    keep(prefix + "c_fc.weight", in);
    keepVector(prefix + "c_fc.bias", bias);
    keep(prefix + "c_proj.weight", out);
    keepVector(prefix + "c_proj.bias", new Matrix(1, width));
  }

  private void writeHinge(
      Rule rule, int unit, double threshold, int sign, Matrix in, Matrix bias, Matrix out) {
    double slope = 2 * SHARPNESS;
    rule.when().forEach(cell -> in.add(coordinate(cell), unit, slope));
    bias.add(0, unit, -slope * threshold);
    rule.then().forEach(cell -> write(out, unit, cell, sign / SHARPNESS));
  }

  /** Adds {@code value} to {@code cell} of an output, and takes it off the balance. */
  private void write(Matrix outputs, int row, Cell cell, double value) {
    outputs.add(row, coordinate(cell), value);
    outputs.add(row, balance, -value);
  }

  private int coordinate(Cell cell) {
    int index = registers.indexOf(cell.register());
    if (index < 0) {
      throw new IllegalArgumentException("the program has no register " + cell.register());
    }
    return IntStream.range(0, index).map(i -> registers.get(i).size()).sum() + cell.value();
  }

  private void keep(String name, Matrix matrix) {
    tensors.add(StoredTensor.of(name, matrix.values, matrix.rows, matrix.columns));
  }

  private void keepVector(String name, Matrix matrix) {
    tensors.add(StoredTensor.of(name, matrix.values, matrix.columns));
  }

  /** Zeros at first; row-major. */
  private static final class Matrix {
    private final int rows;
    private final int columns;
    private final float[] values;

    Matrix(int rows, int columns) {
      this.rows = rows;
      this.columns = columns;
      values = new float[rows * columns];
    }

    void add(int row, int column, double value) {
      values[row * columns + column] += (float) value;
    }
  }
}
