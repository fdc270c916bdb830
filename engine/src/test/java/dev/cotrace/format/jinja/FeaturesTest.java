package dev.cotrace.format.jinja;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cotrace.format.Goldens;
import java.io.IOException;
import java.nio.file.Files;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Small templates against recorded outputs of Python's jinja2. */
class FeaturesTest {
  private static final LocalDateTime NOW = LocalDateTime.of(2025, 3, 9, 7, 5, 4);

  /** What Python renders and this interpreter refuses, knowingly. */
  private static final Set<String> REFUSED =
      Set.of(
          "{{ '%s' % word }}", "{{ word.encode() }}",
          // The transformers library refuses it from 5.0 on.
          "{{ namespace(_x=1) }}", "{% for x in words recursive %}{% endfor %}");

  record Feature(String source, JsonNode outcome) {
    @Override
    public String toString() {
      return source;
    }
  }

  private static JsonNode golden() throws IOException {
    return JsonMapper.shared()
        .readTree(Files.readString(Goldens.file("chat-templates/features.json")));
  }

  private static Map<String, Object> variables() throws IOException {
    return JsonMapper.shared()
        .convertValue(golden().get("variables"), new TypeReference<Map<String, Object>>() {});
  }

  static List<Feature> features() throws IOException {
    List<Feature> features = new ArrayList<>();
    golden()
        .get("sources")
        .forEach(node -> features.add(new Feature(node.get("source").stringValue(), node)));
    return features;
  }

  @ParameterizedTest
  @MethodSource("features")
  void outcomesAreThoseOfPython(Feature feature) throws IOException {
    Map<String, Object> variables = variables();
    if (feature.outcome().has("error") || REFUSED.contains(feature.source())) {
      assertThatThrownBy(() -> Template.parse(feature.source()).render(variables, NOW))
          .isInstanceOf(TemplateException.class)
          .hasMessageContaining("chat template, line ");
    } else {
      assertThat(Template.parse(feature.source()).render(variables, NOW))
          .isEqualTo(feature.outcome().get("output").stringValue());
    }
  }
}
