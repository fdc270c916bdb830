package dev.cotrace.truth;

import static dev.cotrace.truth.Digits.DIFFERENCE;
import static dev.cotrace.truth.Digits.SUM;
import static dev.cotrace.truth.Digits.combine;
import static dev.cotrace.truth.Digits.copy;
import static dev.cotrace.truth.Digits.draw;
import static dev.cotrace.truth.Digits.drawOther;
import static dev.cotrace.truth.Digits.rules;
import static dev.cotrace.truth.Digits.sayAny;
import static dev.cotrace.truth.Program.TOKEN;
import static dev.cotrace.truth.Program.tokenRegister;

import dev.cotrace.truth.KnownCircuit.Pair;
import dev.cotrace.truth.Program.Layer;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;

/**
 * The answer reads written tokens only.
 *
 * <pre>
 *   position  0 1 2 3 4 5   6      7       answer
 *   token     0 2 3 1 0 :   r   r + 2   (r + 2) − r
 * </pre>
 *
 * Asked for key 0, the model looks up its value, 2, and writes it down added to a random digit r
 * that it wrote before: neither word alone tells the value.
 */
final class Through {
  private Through() {}

  static KnownCircuit circuit() {
    Register before = tokenRegister("before"); // the token before this one
    Register asked = tokenRegister("asked");
    Register key = tokenRegister("key"); // whose value this token is
    Register value = tokenRegister("value"); // the one asked for
    Register noise = tokenRegister("noise"); // nobody reads it
    Layer first =
        new Layer(
            List.of(
                Head.copy(new Attend.Back(1), TOKEN, before),
                Head.copy(new Attend.Position(4), TOKEN, asked),
                new Head(new Attend.Position(1), TOKEN, noise, 4),
                new Head(new Attend.Position(2), TOKEN, noise, 4)),
            rules(copy(1, before, key), copy(3, before, key), copy(4, TOKEN, noise)));
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
        "a value is looked up by its key and written added to a random digit; the answer reads the words only",
        new Program(
            List.of(before, asked, key, value, noise),
            List.of(first, second),
            /* saturating= */ false),
        2,
        edges,
        Through::pair);
  }

  /** The corrupted prompt asks for the other key, or has keys swapped or the value changed. */
  private static Pair pair(RandomGenerator random) {
    int key = draw(random);
    int otherKey = drawOther(key, random);
    int value = draw(random);
    int otherValue = drawOther(value, random);
    String corrupted =
        switch (random.nextInt(3)) {
          case 0 -> prompt(key, value, otherKey, otherValue, otherKey);
          case 1 -> prompt(otherKey, value, key, otherValue, key);
          default -> prompt(key, otherValue, otherKey, otherValue, key);
        };
    return new Pair(
        prompt(key, value, otherKey, otherValue, key),
        corrupted,
        String.valueOf(value),
        String.valueOf(otherValue));
  }

  private static String prompt(int key, int value, int otherKey, int otherValue, int asked) {
    return "%d%d%d%d%d:".formatted(key, value, otherKey, otherValue, asked);
  }
}
