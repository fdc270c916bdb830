package dev.cotrace.report;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import tools.jackson.core.json.JsonWriteFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * One HTML file that needs nothing else: style, scripts and data are in it, and its content
 * security policy allows these very scripts and no request.
 *
 * <p>Data stand in an element that no browser runs, with every character escaped that could end it;
 * the scripts put texts of models and prompts into the page as text alone.
 */
public final class ReportPage {
  private static final String D3 = "/META-INF/resources/webjars/d3/7.9.0/";

  private static final List<String> SCRIPTS =
      List.of(
          "page.js",
          "figure.js",
          "overview.js",
          "circuit.js",
          "circuit-panel.js",
          "time.js",
          "transcripts.js",
          "faithfulness.js",
          "doubt.js",
          "about.js");

  /** Half a character, which a sampled token may be, has no encoding but its escape. */
  private static final JsonMapper JSON =
      JsonMapper.builder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build();

  private ReportPage() {}

  /** The page called {@code title} that shows {@code data}. */
  public static String of(String title, JsonNode data) {
    String library = resource(D3 + "dist/d3.min.js");
    String script =
        SCRIPTS.stream()
            .map(ReportPage::resource)
            .collect(Collectors.joining("\n", "'use strict';\n", ""));
    String style = resource("page.css");
    String policy =
        "default-src 'none'; script-src %s %s; style-src %s; img-src data: blob:; base-uri 'none'; form-action 'none'"
            .formatted(hash(library), hash(script), hash(style));
    return fill(
        resource("page.html"),
        Map.of(
            "policy", policy,
            "title", escaped(title),
            "style", style,
            "data", escapedJson(data),
            "library-licence", resource(D3 + "LICENSE").strip(),
            "library", library,
            "script", script));
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
            "page.html asks for '%s', which there is not".formatted(name));
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
  public static String escaped(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;");
  }

  private static String hash(String text) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
      return "'sha256-%s'".formatted(Base64.getEncoder().encodeToString(digest));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  private static String resource(String name) {
    try (InputStream stream = ReportPage.class.getResourceAsStream(name)) {
      if (stream == null) {
        throw new IllegalStateException("%s is missing in Cotrace's jars".formatted(name));
      }
      return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
