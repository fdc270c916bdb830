package dev.cotrace.cli;

import dev.cotrace.StoredTranscript;
import dev.cotrace.StoredTranscript.Origin;
import dev.cotrace.StoredTranscript.Token;
import dev.cotrace.TerminalText;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.DoubleStream;
import org.jline.utils.WCWidth;

/**
 * A transcript with a number for each token: as its colour, or under it where there is no colour.
 *
 * @param transcript what to show
 * @param paint what to show it with
 */
record TranscriptText(StoredTranscript transcript, Paint paint) {
  private static final int WIDTH = 100;

  void print(PrintWriter out) {
    out.println();
    out.println(title());
    Numbers numbers = Numbers.like(3, values());
    if (paint.isColored()) {
      colored(out);
      legend(out, numbers.number(largest()));
    } else {
      numbered(out, numbers);
    }
  }

  private void legend(PrintWriter out, String largest) {
    boolean negative = values().anyMatch(value -> value < 0);
    out.println(
        (negative ? paint.on(" -" + largest + " ", -1) : "")
            + paint.on(" 0 ", 0)
            + paint.on(" +" + largest + " ", 1));
  }

  private String title() {
    String gate =
        Double.isNaN(transcript.alpha())
            ? ""
            : String.format(Locale.ROOT, ", gate %.4g", transcript.alpha());
    return String.format(
        Locale.ROOT,
        "Transcript %d: pair %s, %s%s, ended by %s, F = %.4g%n%s:",
        transcript.number(),
        TerminalText.line(transcript.pair()),
        TerminalText.line(transcript.purpose()),
        gate,
        TerminalText.line(transcript.finish()),
        transcript.value(),
        measure());
  }

  private String measure() {
    return switch (transcript.measure()) {
      case MASS ->
          "Gradient at each position, summed over all gates%s, in the unit of J"
              .formatted(transcript.part().after());
      case ADVANTAGE -> "Advantage of each sampled token, in the unit of F";
      case SURPRISAL -> "Surprisal of each sampled token, in nats";
    };
  }

  private DoubleStream values() {
    return transcript.tokens().stream().mapToDouble(Token::value);
  }

  private double largest() {
    return values().map(Math::abs).filter(Double::isFinite).max().orElse(0);
  }

  /** The text as it was written, each token on the colour of its number. */
  private void colored(PrintWriter out) {
    double largest = largest();
    int column = 0;
    for (Cell cell : cells(new Numbers(0))) {
      if (column > 0 && column + cell.width() > WIDTH) {
        out.println();
        column = 0;
      }
      double share = largest == 0 ? cell.value : cell.value / largest;
      out.print(Double.isNaN(share) ? paint.faint(cell.text) : paint.on(cell.text, share));
      column += cell.width();
      if (cell.endsLine) {
        out.println();
        column = 0;
      }
    }
    if (column > 0) {
      out.println();
    }
  }

  /** Tokens in columns, under each its number. */
  private void numbered(PrintWriter out, Numbers numbers) {
    StringBuilder upper = new StringBuilder();
    StringBuilder lower = new StringBuilder();
    int column = 0;
    for (Cell cell : cells(numbers)) {
      int width = Math.max(cell.width(), cell.number.length()) + 1;
      if (column > 0 && column + width > WIDTH) {
        end(out, upper, lower);
        column = 0;
      }
      upper.append(cell.text).repeat(' ', width - cell.width());
      lower.append(cell.number).repeat(' ', width - cell.number.length());
      column += width;
    }
    end(out, upper, lower);
  }

  /** The tokens, with a mark where those of another origin begin. */
  private List<Cell> cells(Numbers numbers) {
    List<Cell> cells = new ArrayList<>();
    Origin origin = Origin.PROMPT;
    for (Token token : transcript.tokens()) {
      if (token.origin() != origin) {
        origin = token.origin();
        cells.add(new Cell(" │ ", "", Double.NaN, false));
      }
      String number = Double.isNaN(token.value()) ? "" : numbers.signed(token.value());
      String text = TerminalText.line(token.text());
      cells.add(new Cell(text, number, token.value(), token.text().endsWith("\n")));
    }
    return cells;
  }

  /** What stands in one place, safe to print. */
  private record Cell(String text, String number, double value, boolean endsLine) {
    /** Columns of a terminal. */
    int width() {
      return text.codePoints().map(c -> Math.max(0, WCWidth.wcwidth(c))).sum();
    }
  }

  private static void end(PrintWriter out, StringBuilder upper, StringBuilder lower) {
    for (StringBuilder line : List.of(upper, lower)) {
      out.println(line.toString().stripTrailing());
      line.setLength(0);
    }
    out.println();
  }
}
