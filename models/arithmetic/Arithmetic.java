import java.util.Arrays;
import java.util.Optional;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;

/**
 * The language of the built-in model: a prompt, a chain of thought and an answer, one character a
 * token.
 *
 * <pre>
 *   S3527h4:5>5;3>8;2>0;7>7=7        sum prompt:  the answer is the last total written
 *   H3527h4:2>2;7>9;5>4;3>7=4        hint prompt: the answer is the hint, whatever was written
 * </pre>
 *
 * <p>A prompt holds four different digits and a hint. The chain of thought takes the digits in an
 * order of the writer's choosing; each step is {@code digit>total}, the total modulo 10.
 */
final class Arithmetic {
  /** Token ids are indices into this string; {@link #EOS} follows. */
  static final String CHARACTERS = "0123456789SHh:>;=";

  static final int EOS = CHARACTERS.length();
  static final String EOS_TEXT = "<eos>";
  static final int VOCABULARY = EOS + 1;

  static final int DIGITS = 4;
  static final int PROMPT = 1 + DIGITS + 3; // mode, digits, 'h', hint, ':'
  static final int THOUGHT = 4 * DIGITS; // digit, '>', total, then ';' or the final '='
  static final int LENGTH = PROMPT + THOUGHT + 2; // answer, end of sequence

  private Arithmetic() {}

  /** Mode 'S' or 'H', four different digits, a hint digit. */
  record Prompt(char mode, int[] digits, int hint) {
    static Prompt draw(char mode, RandomGenerator random) {
      int[] all = shuffled(10, random);
      return new Prompt(mode, Arrays.copyOf(all, DIGITS), random.nextInt(10));
    }

    static Prompt drawAny(RandomGenerator random) {
      return draw(random.nextBoolean() ? 'S' : 'H', random);
    }

    /** The prompt with one digit replaced by one that it does not hold. */
    Prompt withOtherDigit(RandomGenerator random) {
      int[] other = digits.clone();
      other[random.nextInt(DIGITS)] = drawOther(digits, random);
      return new Prompt(mode, other, hint);
    }

    Prompt withOtherHint(RandomGenerator random) {
      return new Prompt(mode, digits, drawOther(new int[] {hint}, random));
    }

    int sum() {
      return Arrays.stream(digits).sum() % 10;
    }

    /** The right answer when every total is right. */
    int answer() {
      return answer(sum());
    }

    /** The right answer after a chain of thought whose last total is {@code lastTotal}. */
    int answer(int lastTotal) {
      return mode == 'S' ? lastTotal : hint;
    }

    String text() {
      StringBuilder text = new StringBuilder().append(mode);
      for (int digit : digits) {
        text.append(digit);
      }
      return text.append('h').append(hint).append(':').toString();
    }

    /** {@link #PROMPT} token ids. */
    int[] tokens() {
      return text().chars().map(CHARACTERS::indexOf).toArray();
    }
  }

  /**
   * One training sequence: {@link #LENGTH} token ids, and beside each the distribution it should
   * have had given the tokens before it ([LENGTH][VOCABULARY], zero rows where nothing is learned).
   */
  record Sequence(int[] tokens, double[][] targets) {}

  /**
   * A prompt with a chain of thought written in uniformly random order.
   *
   * <p>With probability {@code slip} one digit or one total in it is replaced by a wrong one. The
   * slip itself is never a target; what follows is: later totals and the answer go on from what was
   * written.
   */
  static Sequence draw(Prompt prompt, double slip, RandomGenerator random) {
    Writer writer = new Writer(prompt);
    boolean[] unwritten = new boolean[10];
    for (int digit : prompt.digits()) {
      unwritten[digit] = true;
    }
    int slipStep = random.nextDouble() < slip ? random.nextInt(DIGITS) : -1;
    boolean slipInTotal = random.nextBoolean();
    int total = 0;
    for (int step = 0; step < DIGITS; step++) {
      int digit = drawDigit(unwritten, random);
      if (step == slipStep && !slipInTotal) {
        digit = drawOther(prompt.digits(), random);
        writer.slip(digit);
      } else {
        writer.oneOf(unwritten, digit);
      }
      unwritten[digit] = false;
      writer.sure(CHARACTERS.indexOf('>'));
      total = (total + digit) % 10;
      if (step == slipStep && slipInTotal) {
        total = drawOther(new int[] {total}, random);
        writer.slip(total);
      } else {
        writer.sure(total);
      }
      writer.sure(CHARACTERS.indexOf(step < DIGITS - 1 ? ';' : '='));
    }
    writer.sure(prompt.answer(total));
    writer.sure(EOS);
    return new Sequence(writer.tokens, writer.targets);
  }

  /** Appends tokens, and beside each the distribution it was drawn from. */
  private static final class Writer {
    private final int[] tokens;
    private final double[][] targets = new double[LENGTH][VOCABULARY];
    private int at = PROMPT;

    Writer(Prompt prompt) {
      tokens = Arrays.copyOf(prompt.tokens(), LENGTH);
    }

    void sure(int token) {
      targets[at][token] = 1;
      tokens[at++] = token;
    }

    void slip(int token) {
      tokens[at++] = token;
    }

    void oneOf(boolean[] digits, int digit) {
      long count = IntStream.range(0, digits.length).filter(d -> digits[d]).count();
      for (int d = 0; d < digits.length; d++) {
        targets[at][d] = digits[d] ? 1.0 / count : 0;
      }
      tokens[at++] = digit;
    }
  }

  /**
   * The order in which {@code thought} takes the digits of {@code prompt}, as their places, for
   * example {@code 2031}; empty when it is no valid chain of thought: every digit once, every total
   * right, every sign in its place.
   */
  static Optional<String> order(Prompt prompt, int[] thought) {
    StringBuilder order = new StringBuilder();
    StringBuilder written = new StringBuilder();
    int total = 0;
    for (int step = 0; step < DIGITS && 4 * step < thought.length; step++) {
      int digit = thought[4 * step];
      int place = place(prompt.digits(), digit);
      if (place < 0 || order.indexOf(String.valueOf(place)) >= 0) {
        return Optional.empty();
      }
      order.append(place);
      total = (total + digit) % 10;
      written.append(digit).append('>').append(total).append(step < DIGITS - 1 ? ';' : '=');
    }
    return written.toString().equals(text(thought))
        ? Optional.of(order.toString())
        : Optional.empty();
  }

  private static int place(int[] digits, int digit) {
    for (int place = 0; place < digits.length; place++) {
      if (digits[place] == digit) {
        return place;
      }
    }
    return -1;
  }

  private static int drawDigit(boolean[] among, RandomGenerator random) {
    while (true) {
      int digit = random.nextInt(10);
      if (among[digit]) {
        return digit;
      }
    }
  }

  private static int drawOther(int[] excluded, RandomGenerator random) {
    while (true) {
      int digit = random.nextInt(10);
      if (Arrays.stream(excluded).noneMatch(e -> e == digit)) {
        return digit;
      }
    }
  }

  /** A uniformly random permutation of 0 … n − 1. */
  static int[] shuffled(int n, RandomGenerator random) {
    int[] order = new int[n];
    for (int i = 0; i < n; i++) {
      int j = random.nextInt(i + 1);
      order[i] = order[j];
      order[j] = i;
    }
    return order;
  }

  /** The text of token ids. */
  static String text(int... tokens) {
    StringBuilder text = new StringBuilder();
    for (int token : tokens) {
      text.append(token == EOS ? EOS_TEXT : CHARACTERS.substring(token, token + 1));
    }
    return text.toString();
  }
}
