package dev.cotrace.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cotrace.format.jinja.TemplateException;
import java.io.IOException;
import java.nio.file.Files;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.JsonNode;

/** Whole chat templates against recorded outputs of Python's jinja2. */
class ChatTemplateTest {
  record Rendering(String template, String name, JsonNode conversation, JsonNode outcome) {
    @Override
    public String toString() {
      return template + ", " + name;
    }
  }

  private static JsonNode golden() throws IOException {
    return Json.MAPPER.readTree(Files.readString(Goldens.file("chat-templates/renderings.json")));
  }

  static List<Rendering> renderings() throws IOException {
    JsonNode golden = golden();
    List<Rendering> renderings = new ArrayList<>();
    for (JsonNode node : golden.get("cases")) {
      String name = node.get("case").stringValue();
      renderings.add(
          new Rendering(
              node.get("template").stringValue(),
              name,
              golden.get("conversations").get(name),
              node));
    }
    return renderings;
  }

  private static <T> T value(JsonNode node, TypeReference<T> type) {
    return Json.MAPPER.convertValue(node, type);
  }

  private static String render(Rendering rendering) throws IOException {
    Map<String, Object> variables =
        new HashMap<>(value(rendering.conversation(), new TypeReference<Map<String, Object>>() {}));
    List<Map<String, Object>> messages =
        value(
            rendering.conversation().get("messages"),
            new TypeReference<List<Map<String, Object>>>() {});
    boolean prompted = Boolean.TRUE.equals(variables.remove("add_generation_prompt"));
    Map<String, String> special =
        value(golden().get("special"), new TypeReference<Map<String, String>>() {});
    String source = Files.readString(Goldens.file("chat-templates").resolve(rendering.template()));
    LocalDateTime now = LocalDateTime.parse(golden().get("now").stringValue());
    return ChatTemplate.parse(source, special)
        .renderFields(messages, new ChatTemplate.Options(prompted, variables, now));
  }

  @ParameterizedTest
  @MethodSource("renderings")
  void outcomesAreThoseOfPython(Rendering rendering) throws IOException {
    if (rendering.outcome().has("error")) {
      assertThatThrownBy(() -> render(rendering)).isInstanceOf(TemplateException.class);
    } else {
      assertThat(render(rendering)).isEqualTo(rendering.outcome().get("output").stringValue());
    }
  }

  @Test
  void aTemplatesOwnRefusalIsPassedOn() {
    ChatTemplate template =
        ChatTemplate.parse("\n{{ raise_exception('No system role here') }}", Map.of());
    assertThatThrownBy(() ->
            template.render(
                List.of(new ChatTemplate.Message("system", "x")),
                new ChatTemplate.Options(false, Map.of(), LocalDateTime.MIN)))
        .isInstanceOf(TemplateException.class)
        .hasMessage("chat template, line 2: the template refuses: No system role here");
  }
}
