package dev.cotrace.report;

import dev.cotrace.format.Sha256;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import tools.jackson.core.json.JsonWriteFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * HTML files that need nothing else: style, scripts and data are in them, and their content
 * security policy allows these very scripts.
 *
 * <p>Data stand in an element that no browser runs, with every character escaped that could end it;
 * the scripts put texts of models and prompts into the page as text alone.
 */
public final class HtmlPage {
  private static final String D3 = "/META-INF/resources/webjars/d3/7.9.0/";

  /** What the scripts of all pages share. */
  private static final List<String> SHARED = List.of("basics.js", "figure.js");

  /** Half a character, which a sampled token may be, has no encoding but its escape. */
  private static final JsonMapper JSON =
      JsonMapper.builder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build();

  private HtmlPage() {}

  /**
   * A page that asks nothing of any server, wherever it lies.
   *
   * @param body name of the resource with what is inside the body
   * @param scripts names of the resources with its scripts, in order
   * @param data what they show
   */
  public static String alone(String body, String title, List<String> scripts, JsonNode data) {
    return of(body, title, scripts, data, "'none'");
  }

  /** As {@link #alone}, but for questions to the server that it came from. */
  public static String served(String body, String title, List<String> scripts, JsonNode data) {
    return of(body, title, scripts, data, "'self'");
  }

  private static String of(
      String body, String title, List<String> scripts, JsonNode data, String connect) {
    String library = resource(D3 + "dist/d3.min.js");
    String script =
        Stream.concat(SHARED.stream(), scripts.stream())
            .map(HtmlPage::resource)
            .collect(Collectors.joining("\n", "'use strict';\n", ""));
    String style = resource("page.css");
    String policy =
        "default-src 'none'; script-src %s %s; style-src %s; img-src data: blob:; connect-src %s; base-uri 'none'; form-action 'none'"
            .formatted(hash(library), hash(script), hash(style), connect);
    return fill(
        resource("frame.html"),
        Map.of(
            "policy",
            policy,
            "title",
            escaped(title),
            "style",
            style,
            "body",
            resource(body),
            "data",
            escapedJson(data),
            "library-licence",
            resource(D3 + "LICENSE").strip(),
            "library",
            library,
            "script",
            script));
  }

  /** Fills each {@code {{name}}} once; what is filled in is not looked at again. */
  private static String fill(String page, Map<String, String> parts) {
    StringBuilder filled = new StringBuilder();
    int at = 0;
    for (int open = page.indexOf("{{"); open >= 0; open = page.indexOf("{{", at)) {
      int close = page.indexOf("}}", open);
      String name = page.substring(open + 2, close);
      String part = parts.get(name);
      if (part == null) {
        throw new IllegalStateException(
            "frame.html asks for '%s', which there is not".formatted(name));
      }
      filled.append(page, at, open).append(part);
      at = close + 2;
    }
    return filled.append(page, at, page.length()).toString();
  }

  /** Inside a script element only {@code <} can end it. */
  private static String escapedJson(JsonNode data) {
    return JSON.writeValueAsString(data).replace("<", "\\u003c");
  }

  /** {@code text} as the content of an element. */
  private static String escaped(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;");
  }

  private static String hash(String text) {
    byte[] digest = Sha256.digest().digest(text.getBytes(StandardCharsets.UTF_8));
    return "'sha256-%s'".formatted(Base64.getEncoder().encodeToString(digest));
  }

  private static String resource(String name) {
    try (InputStream stream = HtmlPage.class.getResourceAsStream(name)) {
      if (stream == null) {
        throw new IllegalStateException("%s is missing in Cotrace's jars".formatted(name));
      }
      return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
