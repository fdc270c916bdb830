package dev.cotrace.truth;

import static dev.cotrace.truth.Digits.SUM;
import static dev.cotrace.truth.Digits.combine;
import static dev.cotrace.truth.Digits.draw;
import static dev.cotrace.truth.Digits.drawOther;
import static dev.cotrace.truth.Digits.rules;
import static dev.cotrace.truth.Digits.say;
import static dev.cotrace.truth.Digits.sayAny;
import static dev.cotrace.truth.Program.DIGITS;
import static dev.cotrace.truth.Program.TOKEN;
import static dev.cotrace.truth.Program.tokenRegister;

import dev.cotrace.truth.KnownCircuit.Pair;
import dev.cotrace.truth.Program.Layer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;

/**
 * The answer reads the prompt only; the words are of something else.
 *
 * <pre>
 *   position  0 1 2 3   4      5    answer
 *   token     p q s :   r   r + p   q + s
 * </pre>
 *
 * Where r is 0, the model has no answer, and any token comes: the words do make outcomes vary, but
 * p does not change that.
 */
final class Around {
  private Around() {}

  static KnownCircuit circuit() {
    Register p = tokenRegister("p");
    Register q = tokenRegister("q");
    Register s = tokenRegister("s");
    Register word = tokenRegister("word"); // what to write
    Register sum = tokenRegister("sum"); // what to answer
    Register before = tokenRegister("before"); // the token before this one
    Register noise = tokenRegister("noise"); // nobody reads it
    Layer first =
        new Layer(
            List.of(
                Head.copy(new Attend.Position(0), TOKEN, p),
                Head.copy(new Attend.Position(1), TOKEN, q),
                Head.copy(new Attend.Position(2), TOKEN, s),
                Head.copy(new Attend.Back(1), TOKEN, before)),
            rules(combine(4, TOKEN, p, SUM, word), combine(5, q, s, SUM, sum)));
    Layer second =
        new Layer(
            List.of(
                new Head(new Attend.Position(3), p, noise, 4),
                new Head(new Attend.Back(1), q, noise, 4),
                new Head(new Attend.Match(s, TOKEN), TOKEN, noise, 4),
                new Head(new Attend.Position(4), word, noise, 4)),
            rules(sayAny(3), say(4, word), sayUnlessZero(5, sum, before)));
    Map<String, Way> edges = new LinkedHashMap<>();
    edges.put("input->a0.h1<v>", Way.AROUND);
    edges.put("input->a0.h2<v>", Way.AROUND);
    edges.put("a0.h1->m0", Way.AROUND);
    edges.put("a0.h2->m0", Way.AROUND);
    edges.put("m0->m1", Way.AROUND);
    edges.put("m1->logits", Way.AROUND);
    return new KnownCircuit(
        "around",
        "the answer adds two digits of the prompt; the words are about a third one",
        new Program(
            List.of(p, q, s, word, sum, before, noise),
            List.of(first, second),
            /* saturating= */ false),
        2,
        edges,
        Around::pair);
  }

  /** At {@code position}, the digit in {@code from} is the output, but where {@code word} is 0. */
  private static List<Rule> sayUnlessZero(int position, Register from, Register word) {
    List<Rule> rules = new ArrayList<>();
    for (int i = 1; i < DIGITS; i++) {
      for (Rule say : say(position, from)) {
        rules.add(
            new Rule(
                Stream.concat(say.when().stream(), Stream.of(word.at(i))).toList(), say.then()));
      }
    }
    return rules;
  }

  /** The corrupted prompt has another p, and another q or s. */
  private static Pair pair(RandomGenerator random) {
    int p = draw(random);
    int q = draw(random);
    int s = draw(random);
    boolean first = random.nextBoolean();
    int otherQ = first ? drawOther(q, random) : q;
    int otherS = first ? s : drawOther(s, random);
    return new Pair(
        "%d%d%d:".formatted(p, q, s),
        "%d%d%d:".formatted(drawOther(p, random), otherQ, otherS),
        String.valueOf(SUM.applyAsInt(q, s)),
        String.valueOf(SUM.applyAsInt(otherQ, otherS)));
  }
}
