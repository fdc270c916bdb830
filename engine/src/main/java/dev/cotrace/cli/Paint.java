package dev.cotrace.cli;

import java.util.List;
import org.jline.utils.AttributedCharSequence.ForceMode;
import org.jline.utils.AttributedString;
import org.jline.utils.AttributedStyle;

/** Colours for signed numbers, as far as a terminal has them. */
enum Paint {
  /** No colour: texts stay as they are. */
  NONE,
  /** The 256 colours of xterm. */
  INDEXED,
  /** All colours. */
  TRUE_COLOR;

  private static final int ALL = 1 << 24;

  /**
   * From the largest negative number over zero to the largest positive one: the oranges of Brewer's
   * PuOr and the blues of RdBu, which people with any common colour blindness tell apart. Blue
   * raises J, orange lowers it, as on the page of a run.
   */
  private static final List<Integer> SCALE =
      List.of(
          0xb35806, 0xe08214, 0xfdb863, 0xfee0b6, 0xf7f7f7, 0xd1e5f0, 0x92c5de, 0x4393c3, 0x2166ac);

  /** The same in xterm's colours; rounding would make grey of some. */
  private static final List<Integer> XTERM = List.of(130, 172, 215, 223, 231, 189, 110, 67, 25);

  private static final int ZERO = SCALE.size() / 2;

  /** From so many steps on white is read better than black. */
  private static final int DARK = 4;

  boolean isColored() {
    return this != NONE;
  }

  /**
   * {@code text} on the colour of a number.
   *
   * @param share of the largest number, from −1 to 1; NaN for none
   */
  String on(String text, double share) {
    if (this == NONE || Double.isNaN(share)) {
      return text;
    }
    int step = (int) Math.round(Math.clamp(share, -1, 1) * ZERO);
    AttributedStyle written =
        AttributedStyle.DEFAULT.foregroundRgb(Math.abs(step) >= DARK ? 0xffffff : 0x000000);
    return ansi(
        text,
        this == TRUE_COLOR
            ? written.backgroundRgb(SCALE.get(ZERO + step))
            : written.background(XTERM.get(ZERO + step)));
  }

  /** {@code text} less bright than others. */
  String faint(String text) {
    return this == NONE ? text : ansi(text, AttributedStyle.DEFAULT.faint());
  }

  private String ansi(String text, AttributedStyle style) {
    return this == TRUE_COLOR
        ? new AttributedString(text, style).toAnsi(ALL, ForceMode.ForceTrueColors)
        : new AttributedString(text, style).toAnsi(256, ForceMode.Force256Colors);
  }
}
