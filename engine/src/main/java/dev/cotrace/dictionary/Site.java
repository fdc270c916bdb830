package dev.cotrace.dictionary;

import java.util.Arrays;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Where in a model a dictionary reads or writes.
 *
 * @param kind which of a layer's activations
 * @param layer from 0
 */
public record Site(Kind kind, int layer) {
  private static final Pattern HOOK =
      Pattern.compile("blocks\\.(\\d{1,6})\\.([A-Za-z0-9_.]{1,60})");

  /** The activations of a layer, by the names that TransformerLens has for them. */
  public enum Kind {
    /** The residual stream before the layer, {@code [N, D]}. */
    RESIDUAL_PRE("hook_resid_pre"),
    /** The residual stream between attention and MLP, {@code [N, D]}. */
    RESIDUAL_MID("hook_resid_mid"),
    /** The residual stream after the layer, {@code [N, D]}. */
    RESIDUAL_POST("hook_resid_post"),
    /** What attention adds to the stream, after a norm that follows it, {@code [N, D]}. */
    ATTENTION_OUTPUT("hook_attn_out"),
    /** The weighted values of all query heads side by side, {@code [N, H · dHead]}. */
    HEAD_VALUES("attn.hook_z"),
    /** The stream normalised for the MLP, before the norm's gain and bias, {@code [N, D]}. */
    MLP_NORMALISED("ln2.hook_normalized"),
    /** What the MLP reads: normalised, with gain and bias, {@code [N, D]}. */
    MLP_INPUT("mlp.hook_in"),
    /** What the MLP computes, before a norm that follows it, {@code [N, D]}. */
    MLP_RAW_OUTPUT("mlp.hook_out"),
    /** What the MLP adds to the stream, after a norm that follows it, {@code [N, D]}. */
    MLP_OUTPUT("hook_mlp_out");

    private final String hook;

    Kind(String hook) {
      this.hook = hook;
    }

    /** TransformerLens' name within a layer. */
    public String hook() {
      return hook;
    }

    /** The kind that TransformerLens calls {@code hook}, if there is one. */
    static Optional<Kind> of(String hook) {
      return Arrays.stream(values()).filter(kind -> kind.hook.equals(hook)).findFirst();
    }
  }

  /** Refuses layers below 0. */
  public Site {
    if (layer < 0) {
      throw new IllegalArgumentException("expected a layer from 0 on, got " + layer);
    }
  }

  /**
   * The site that TransformerLens calls {@code hook}, such as {@code blocks.8.hook_resid_pre}.
   *
   * @throws IllegalArgumentException when no site is called so
   */
  public static Site ofHook(String hook) {
    Matcher matcher = HOOK.matcher(hook);
    if (matcher.matches()) {
      Optional<Kind> kind = Kind.of(matcher.group(2));
      if (kind.isPresent()) {
        return new Site(kind.orElseThrow(), Integer.parseInt(matcher.group(1)));
      }
      if (matcher.group(2).equals("hook_mlp_in")) {
        throw new IllegalArgumentException(
            "hook_mlp_in means the stream before the norm to some tools and after it to others: say hook_resid_mid or mlp.hook_in");
      }
    }
    throw new IllegalArgumentException(
        "expected a hook blocks.LAYER.NAME where NAME is %s, got '%s'"
            .formatted(names(), excerpt(hook)));
  }

  /** TransformerLens' name of the site. */
  public String hook() {
    return "blocks.%d.%s".formatted(layer, kind.hook);
  }

  static String names() {
    return Arrays.stream(Kind.values()).map(Kind::hook).collect(Collectors.joining(", "));
  }

  /** The beginning of what a file says, short enough for an error. */
  static String excerpt(String text) {
    return text.length() <= 80 ? text : text.substring(0, 80) + " …";
  }

  @Override
  public String toString() {
    return hook();
  }
}
