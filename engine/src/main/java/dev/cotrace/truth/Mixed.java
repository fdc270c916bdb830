package dev.cotrace.truth;

import static dev.cotrace.truth.Digits.DIFFERENCE;
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
 * The answer reads written tokens and the prompt.
 *
 * <pre>
 *   position  0 1 2 3   4      5          answer
 *   token     p q s :   r   r + p   (r + p) − r + q
 * </pre>
 *
 * Rules saturate: at the clean end nothing has a slope, which is where attribution patching looks.
 */
final class Mixed {
  private Mixed() {}

  static KnownCircuit circuit() {
    Register p = tokenRegister("p");
    Register q = tokenRegister("q");
    Register before = tokenRegister("before"); // the token before this one
    Register word = tokenRegister("word"); // what to write
    Register read = tokenRegister("read"); // what the words say of p
    Register noise = tokenRegister("noise"); // nobody reads it
    Layer first =
        new Layer(
            List.of(
                Head.copy(new Attend.Position(0), TOKEN, p),
                Head.copy(new Attend.Position(1), TOKEN, q),
                Head.copy(new Attend.Back(1), TOKEN, before),
                new Head(new Attend.Position(2), TOKEN, noise, 4)),
            rules(combine(4, TOKEN, p, SUM, word), combine(5, TOKEN, before, DIFFERENCE, read)));
    Layer second =
        new Layer(
            List.of(
                new Head(new Attend.Position(3), p, noise, 4),
                new Head(new Attend.Back(1), q, noise, 4),
                new Head(new Attend.Match(p, TOKEN), TOKEN, noise, 4),
                new Head(new Attend.Position(4), word, noise, 4)),
            rules(sayAny(3), say(4, word), combine(5, read, q, SUM, Program.OUTPUT)));
    Map<String, Way> edges = new LinkedHashMap<>();
    edges.put("input->a0.h0<v>", Way.THROUGH);
    edges.put("a0.h0->m0", Way.THROUGH);
    edges.put("m0->m1", Way.THROUGH);
    edges.put("input->a0.h1<v>", Way.AROUND);
    edges.put("a0.h1->m1", Way.AROUND);
    edges.put("m1->logits", Way.BOTH);
    return new KnownCircuit(
        "mixed",
        "the answer adds a digit of the prompt to one that the words tell; rules saturate",
        new Program(
            List.of(p, q, before, word, read, noise),
            List.of(first, second),
            /* saturating= */ true),
        2,
        edges,
        Mixed::pair);
  }

  /** The corrupted prompt has another s, and another p or q. */
  static Pair pair(RandomGenerator random) {
    int p = draw(random);
    int q = draw(random);
    int s = draw(random);
    boolean first = random.nextBoolean();
    int otherP = first ? drawOther(p, random) : p;
    int otherQ = first ? q : drawOther(q, random);
    return new Pair(
        "%d%d%d:".formatted(p, q, s),
        "%d%d%d:".formatted(otherP, otherQ, drawOther(s, random)),
        String.valueOf(SUM.applyAsInt(p, q)),
        String.valueOf(SUM.applyAsInt(otherP, otherQ)));
  }
}
