package dev.cotrace.truth;

import static dev.cotrace.truth.Digits.SUM;
import static dev.cotrace.truth.Digits.combine;
import static dev.cotrace.truth.Digits.draw;
import static dev.cotrace.truth.Digits.drawOther;
import static dev.cotrace.truth.Digits.rules;
import static dev.cotrace.truth.Digits.say;
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
 * The answer reads the prompt only; the words are of something else.
 *
 * <pre>
 *   position  0 1 2 3   4      5    answer
 *   token     p q s :   r   r + p   q + s
 * </pre>
 */
final class Around {
  private Around() {}

  static KnownCircuit circuit() {
    Register p = tokenRegister("p");
    Register q = tokenRegister("q");
    Register s = tokenRegister("s");
    Register word = tokenRegister("word"); // what to write
    Register sum = tokenRegister("sum"); // what to answer
    Register noise = tokenRegister("noise"); // nobody reads it
    Layer first =
        new Layer(
            List.of(
                Head.copy(new Attend.Position(0), TOKEN, p),
                Head.copy(new Attend.Position(1), TOKEN, q),
                Head.copy(new Attend.Position(2), TOKEN, s),
                new Head(new Attend.Back(1), TOKEN, noise, 4)),
            rules(combine(4, TOKEN, p, SUM, word), combine(5, q, s, SUM, sum)));
    Layer second =
        new Layer(
            List.of(
                new Head(new Attend.Position(3), p, noise, 4),
                new Head(new Attend.Back(1), q, noise, 4),
                new Head(new Attend.Match(s, TOKEN), TOKEN, noise, 4),
                new Head(new Attend.Position(4), word, noise, 4)),
            rules(sayAny(3), say(4, word), say(5, sum)));
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
            List.of(p, q, s, word, sum, noise), List.of(first, second), /* saturating= */ false),
        2,
        edges,
        Around::pair);
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
