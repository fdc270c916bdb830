package dev.cotrace.truth;

import static dev.cotrace.truth.Program.DIGITS;
import static dev.cotrace.truth.Program.OUTPUT;
import static dev.cotrace.truth.Program.POSITION;

import dev.cotrace.truth.Register.Cell;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntBinaryOperator;
import java.util.random.RandomGenerator;

/** Digits modulo {@link Program#DIGITS}: rules and draws that the programs share. */
final class Digits {
  static final IntBinaryOperator SUM = (a, b) -> (a + b) % DIGITS;
  static final IntBinaryOperator DIFFERENCE = (a, b) -> Math.floorMod(a - b, DIGITS);

  private Digits() {}

  /** At {@code position}, {@code to} becomes {@code f} of the digits in {@code a} and {@code b}. */
  static List<Rule> combine(
      int position, Register a, Register b, IntBinaryOperator f, Register to) {
    List<Rule> rules = new ArrayList<>();
    for (int i = 0; i < DIGITS; i++) {
      for (int j = 0; j < DIGITS; j++) {
        rules.add(
            new Rule(
                List.of(POSITION.at(position), a.at(i), b.at(j)),
                List.of(to.at(f.applyAsInt(i, j)))));
      }
    }
    return rules;
  }

  /** At {@code position}, the digit in {@code from} goes to {@code to}. */
  static List<Rule> copy(int position, Register from, Register to) {
    List<Rule> rules = new ArrayList<>();
    for (int i = 0; i < DIGITS; i++) {
      rules.add(new Rule(List.of(POSITION.at(position), from.at(i)), List.of(to.at(i))));
    }
    return rules;
  }

  /** At {@code position}, the digit in {@code from} is the output. */
  static List<Rule> say(int position, Register from) {
    return copy(position, from, OUTPUT);
  }

  /** At {@code position}, any digit is the output, all with the same probability. */
  static List<Rule> sayAny(int position) {
    List<Cell> digits = new ArrayList<>();
    for (int i = 0; i < DIGITS; i++) {
      digits.add(OUTPUT.at(i));
    }
    return List.of(new Rule(List.of(POSITION.at(position)), digits));
  }

  /** All of {@code parts} in one list. */
  @SafeVarargs
  static List<Rule> rules(List<Rule>... parts) {
    List<Rule> all = new ArrayList<>();
    for (List<Rule> part : parts) {
      all.addAll(part);
    }
    return all;
  }

  static int draw(RandomGenerator random) {
    return random.nextInt(DIGITS);
  }

  /** A digit that is not {@code digit}. */
  static int drawOther(int digit, RandomGenerator random) {
    return (digit + 1 + random.nextInt(DIGITS - 1)) % DIGITS;
  }
}
