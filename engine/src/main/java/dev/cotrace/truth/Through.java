package dev.cotrace.truth;

import static dev.cotrace.truth.Digits.DIFFERENCE;
import static dev.cotrace.truth.Digits.SUM;
import static dev.cotrace.truth.Digits.combine;
import static dev.cotrace.truth.Digits.draw;
import static dev.cotrace.truth.Digits.drawOther;
import static dev.cotrace.truth.Digits.rules;
import static dev.cotrace.truth.Digits.sayAny;
import static dev.cotrace.truth.Program.CHARACTERS;
import static dev.cotrace.truth.Program.POSITION;
import static dev.cotrace.truth.Program.TOKEN;
import static dev.cotrace.truth.Program.tokenRegister;

import dev.cotrace.truth.KnownCircuit.Pair;
import dev.cotrace.truth.Program.Layer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;

/**
 * The answer reads written tokens only.
 *
 * <pre>
 *   position  0 1 2 3 4 5   6      7       answer
 *   token     a 2 b 1 a :   r   r + 2   (r + 2) − r
 * </pre>
 *
 * Asked for {@code a}, the model looks up its digit, 2, and writes it down behind a random digit r
 * that it wrote before: neither word alone tells the digit.
 */
final class Through {
  private static final String LETTERS = "abc";

  private Through() {}

  static KnownCircuit circuit() {
    Register before = tokenRegister("before"); // the token before this one
    Register asked = tokenRegister("asked");
    Register key = tokenRegister("key"); // the letter of this digit
    Register value = tokenRegister("value"); // the digit asked for
    Register noise = tokenRegister("noise"); // nobody reads it
    Layer first =
        new Layer(
            List.of(
                Head.copy(new Attend.Back(1), TOKEN, before),
                Head.copy(new Attend.Position(4), TOKEN, asked),
                new Head(new Attend.Position(1), TOKEN, noise, 4),
                new Head(new Attend.Position(2), TOKEN, noise, 4)),
            rules(keys(before, key, 1), keys(before, key, 3), keys(TOKEN, noise, 4)));
    Layer second =
        new Layer(
            List.of(
                Head.copy(new Attend.Match(asked, key), TOKEN, value),
                new Head(new Attend.Match(asked, TOKEN), TOKEN, noise, 4),
                new Head(new Attend.Position(1), before, noise, 4),
                new Head(new Attend.Match(asked, key), key, noise, 4)),
            rules(
                sayAny(5),
                combine(6, TOKEN, value, SUM, Program.OUTPUT),
                combine(7, TOKEN, before, DIFFERENCE, Program.OUTPUT)));
    Map<String, Way> edges = new LinkedHashMap<>();
    edges.put("input->a0.h0<v>", Way.THROUGH);
    edges.put("input->a0.h1<v>", Way.THROUGH);
    edges.put("a0.h0->m0", Way.THROUGH);
    edges.put("a0.h1->a1.h0<q>", Way.THROUGH);
    edges.put("m0->a1.h0<k>", Way.THROUGH);
    edges.put("input->a1.h0<v>", Way.THROUGH);
    edges.put("a1.h0->m1", Way.THROUGH);
    edges.put("m1->logits", Way.THROUGH);
    return new KnownCircuit(
        "through",
        "a digit is looked up by its letter and written behind a random one; the answer reads the written digits only",
        new Program(
            List.of(before, asked, key, value, noise),
            List.of(first, second),
            /* saturating= */ false),
        2,
        edges,
        Through::pair);
  }

  /** At {@code position}, a letter in {@code from} goes to {@code to}. */
  private static List<Rule> keys(Register from, Register to, int position) {
    List<Rule> rules = new ArrayList<>();
    for (int letter : LETTERS.chars().toArray()) {
      int id = CHARACTERS.indexOf(letter);
      rules.add(new Rule(List.of(POSITION.at(position), from.at(id)), List.of(to.at(id))));
    }
    return rules;
  }

  /** The corrupted prompt asks for the other letter, or has the letters or the digit changed. */
  private static Pair pair(RandomGenerator random) {
    int first = random.nextInt(LETTERS.length());
    char one = LETTERS.charAt(first);
    char other = LETTERS.charAt((first + 1 + random.nextInt(2)) % LETTERS.length());
    int digit = draw(random);
    int otherDigit = drawOther(digit, random);
    String clean = "%s%d%s%d%s:".formatted(one, digit, other, otherDigit, one);
    String corrupted =
        switch (random.nextInt(3)) {
          case 0 -> "%s%d%s%d%s:".formatted(one, digit, other, otherDigit, other);
          case 1 -> "%s%d%s%d%s:".formatted(other, digit, one, otherDigit, one);
          default -> "%s%d%s%d%s:".formatted(one, otherDigit, other, otherDigit, one);
        };
    return new Pair(clean, corrupted, String.valueOf(digit), String.valueOf(otherDigit));
  }
}
