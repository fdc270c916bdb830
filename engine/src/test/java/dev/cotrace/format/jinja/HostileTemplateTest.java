package dev.cotrace.format.jinja;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cotrace.format.Damage;
import dev.cotrace.format.Goldens;
import dev.cotrace.format.Mutations;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.LocalDateTime;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HostileTemplateTest {
  private static final LocalDateTime NOW = LocalDateTime.of(2025, 3, 9, 7, 5);
  private static final Map<String, Object> VARIABLES =
      Map.of(
          "messages",
          List.of(
              Map.of("role", "user", "content", "What is 2 + 2?"),
              Map.of("role", "assistant", "content", "<think>\nadd\n</think>\n\n4")),
          "bos_token",
          "<s>",
          "eos_token",
          "</s>",
          "add_generation_prompt",
          true);

  private static String render(String source) {
    return Template.parse(source).render(VARIABLES, NOW);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
        "{% set ns = namespace(x='ab') %}{% for i in range(99) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}",
        "{% set ns = namespace(x='ab') %}{% for i in range(99) %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
        "{% set ns = namespace(x=[1]) %}{% for i in range(99) %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
        "{% set ns = namespace(x=[1]) %}{% for i in range(60) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ns.x }}",
        "{% set ns = namespace(x=[1]) %}{% for i in range(60) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ns.x | tojson }}",
        "{% set ns = namespace(x=[1], y=[1]) %}{% for i in range(60) %}{% set ns.x = [ns.x, ns.x] %}{% set ns.y = [ns.y, ns.y] %}{% endfor %}{{ ns.x == ns.y }}",
        "{% set ns = namespace(x=[1]) %}{% for i in range(9999) %}{% set ns.x = [ns.x] %}{% endfor %}{{ ns.x }}",
        "{% macro m(n) %}{{ m(n) }}{{ m(n) }}{% endmacro %}{{ m(1) }}",
        "{{ 'x' * 999999999999 }}",
        "{{ [1] * 999999999999 }}",
        "{{ ('x' * 5000000).replace('x', 'yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy') }}",
        "{{ ('x' * 5000000) | list | length }}{{ ('x' * 9000000) | list }}",
        "{{ 'x' * 9000000 }}{{ 'y' * 9000000 }}",
        "{{ ('x' * 3000 ~ '').join(('y' * 90000) | list) }}",
        "{{ 9223372036854775807 + 1 }}",
        "{{ -9223372036854775807 - 2 }}",
        "{{ 3 ** 99999999 }}",
        "{% set ns = namespace() %}{% set ns.me = ns %}{{ ns }}",
        "{{ [1] | tojson(indent='x' * 9000000) ~ ([[[[[[[1]]]]]]] | tojson(indent='x' * 9000000)) }}",
      })
  void templatesThatRunOnAreStopped(String source) {
    assertThatThrownBy(() -> render(source)).isInstanceOf(TemplateException.class);
  }

  @ParameterizedTest
  @CsvSource({"(, )", "[, ]", "not(, )", "- ,''", "{1:, }", "x(, )", "x[, ]"})
  void deepSourceIsStopped(String open, String close) {
    String source = "{{ " + open.repeat(50_000) + "1" + (close + "").repeat(50_000) + " }}";
    assertThatThrownBy(() -> render(source)).isInstanceOf(TemplateException.class);
  }

  @Test
  void deepBlocksAndLongChainsAreStopped() {
    assertThatThrownBy(() -> render("{% if 1 %}".repeat(20_000)))
        .isInstanceOf(TemplateException.class);
    assertThatThrownBy(() -> render("{{ 1" + "+1".repeat(100_000) + " }}"))
        .isInstanceOf(TemplateException.class);
    assertThatThrownBy(() -> render("{{ x" + ".a".repeat(100_000) + " }}"))
        .isInstanceOf(TemplateException.class);
    assertThatThrownBy(() -> render("{{ 1 if " + "1 if 1 else ".repeat(20_000) + " 1 }}"))
        .isInstanceOf(TemplateException.class);
    assertThatThrownBy(() -> Template.parse("x".repeat(1_000_001)))
        .isInstanceOf(TemplateException.class);
  }

  @Test
  void rangesEndAtTheLargestInteger() {
    assertThat(render("{{ range(9223372036854775806, 9223372036854775807, 5) }}"))
        .isEqualTo("[9223372036854775806]");
  }

  @Test
  void aLongButHonestChainRenders() {
    assertThat(render("{{ ''" + " + 'x'".repeat(300) + " }}")).hasSize(300);
  }

  @Test
  void textInVariablesIsNeverEvaluated() {
    Map<String, Object> variables =
        Map.of("evil", "{{ 7 * 7 }}{% raise_exception('x') %}", "name", "evil");
    assertThat(Template.parse("{{ evil }}{{ name }}{{ evil | upper }}").render(variables, NOW))
        .isEqualTo(
            "{{ 7 * 7 }}{% raise_exception('x') %}evil{{ 7 * 7 }}{% RAISE_EXCEPTION('X') %}");
  }

  @Test
  void renderingLeavesTheTemplateAndItsVariablesAlone() {
    Template template = Template.parse("{% set messages = messages[1:] %}{{ messages | length }}");
    assertThat(template.render(VARIABLES, NOW)).isEqualTo("1");
    assertThat(template.render(VARIABLES, NOW)).isEqualTo("1");
  }

  @Test
  void errorsNameTheLine() {
    assertThatThrownBy(() -> render("a\n{# b\n #}\n{% if true %}\n\n{{ 'x' + 1 }}{% endif %}"))
        .isInstanceOf(TemplateException.class)
        .hasMessage(
            "chat template, line 6: expected values that + can work on, got a string and an"
                + " integer");
    assertThatThrownBy(() -> render("a\n  {%- set x = 'y\nz' %}\n{{ x | nope }}"))
        .isInstanceOf(TemplateException.class)
        .hasMessage("chat template, line 4: expected a filter that is known here, got nope");
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void damagedTemplatesOnlyEverGiveTheTypedError(long seed) throws IOException {
    List<String> names =
        List.of(
            "qwen3", "llama3", "mistral", "macros", "gemma3", "deepseek-r1", "qwen2.5", "smollm2");
    byte[] original =
        Files.readAllBytes(
            Goldens.file("chat-templates/%s.jinja".formatted(names.get((int) seed - 1))));
    SplittableRandom random = new SplittableRandom(seed);
    int rendered = 0;
    for (int i = 0; i < Damage.times(1300); i++) {
      String source = new String(Mutations.damage(original, random), StandardCharsets.UTF_8);
      try {
        render(source);
        rendered++;
      } catch (TemplateException expected) {
        assertThat(expected).hasMessageStartingWith("chat template, line ");
      }
    }
    // Else the mutations would only test the lexer.
    assertThat(rendered).isPositive();
  }
}
