package dev.cotrace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cotrace.attribution.Quadrature;
import dev.cotrace.attribution.Settings;
import dev.cotrace.circuit.Method;
import dev.cotrace.torch.Precision;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SpecYamlTest {
  @TempDir Path folder;

  @Test
  void aSpecificationIsReadAsItWasWritten() throws IOException {
    DiscoverySpec spec =
        SpecYaml.read(
            null,
            Map.ofEntries(
                Map.entry("model", "m"),
                Map.entry("task", "t.jsonl"),
                Map.entry("out", "runs/x"),
                Map.entry("objective", "answer-logprob - 0.5*kl"),
                Map.entry("method", "eap-ig-inputs"),
                Map.entry("quadrature", "gauss-legendre"),
                Map.entry("points", 5),
                Map.entry("bins", "marker:Answer: [0-9]"),
                Map.entry("stop", List.of("\n", ": yes", "42")),
                Map.entry("stop-ids", List.of(List.of(1, 2), List.of(3))),
                Map.entry("answer-prefix", " Answer: "),
                Map.entry("temperature", 0.7),
                Map.entry("top", "2.5%"),
                Map.entry("select", "threshold=0.025"),
                Map.entry("seed", Long.MIN_VALUE),
                Map.entry("dtype", "bfloat16"),
                Map.entry("bos", true),
                Map.entry("corruption", "noise=3"),
                Map.entry("corruption-map", List.of(" a =>  b", "s/x/y/")),
                Map.entry("means", "m.safetensors"),
                Map.entry("align", "pad-left"),
                Map.entry("pad-token", " ")));
    Path file = Files.writeString(folder.resolve("spec.yaml"), SpecYaml.text(spec));
    assertThat(SpecYaml.read(file, Map.of())).isEqualTo(spec);
    assertThat(spec.sampling().stop()).containsExactly("\n", ": yes", "42");
    assertThat(spec.attribution().quadrature()).isEqualTo(Quadrature.GAUSS_LEGENDRE);
    assertThat(spec.dtype()).isEqualTo(Precision.BFLOAT16);
  }

  @Test
  void aMethodHasDefaultsOfItsOwnWhichAnythingSaidOverrules() throws IOException {
    Path config = Files.writeString(folder.resolve("c.yaml"), "model: m\ntask: t\npoints: 7\n");
    Settings plain = SpecYaml.read(null, Map.of("model", "m", "task", "t")).attribution();
    assertThat(plain.method()).isEqualTo(Method.IG_GATES);
    assertThat(plain.quadrature()).isEqualTo(Quadrature.ADAPTIVE);
    Settings inputs =
        SpecYaml.read(null, Map.of("model", "m", "task", "t", "method", "eap-ig-inputs"))
            .attribution();
    assertThat(inputs.method()).isEqualTo(Method.EAP_IG_INPUTS);
    assertThat(inputs.quadrature()).isEqualTo(Quadrature.LEFT);
    assertThat(inputs.points()).isEqualTo(5);
    Settings said =
        SpecYaml.read(config, Map.of("method", "eap-ig-inputs", "quadrature", "midpoint"))
            .attribution();
    assertThat(said.quadrature()).isEqualTo(Quadrature.MIDPOINT);
    assertThat(said.points()).isEqualTo(7);
  }

  @Test
  void flagsWinOverTheConfigurationAndThatOverTheTask() throws IOException {
    Path task = Files.writeString(folder.resolve("t.jsonl"), "");
    Files.writeString(
        folder.resolve("t.yaml"), "max-new-tokens: 1\ntemperature: 0.1\nstop: \"=\"\n");
    Path config =
        Files.writeString(
            folder.resolve("c.yaml"), "model: m\nmax-new-tokens: 2\ntemperature: 0.2\n");
    DiscoverySpec spec =
        SpecYaml.read(config, Map.of("task", task.toString(), "max-new-tokens", 3));
    assertThat(spec.sampling().maxNewTokens()).isEqualTo(3);
    assertThat(spec.sampling().temperature()).isEqualTo(0.2);
    assertThat(spec.sampling().stop()).containsExactly("=");
    assertThat(spec.attribution().rollouts()).isEqualTo(8);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          modl: x                  | unknown key 'modl'; the keys are
          attribution: {}          | unknown key 'attribution'
          top:                     | has no value; give it one, or leave it out
          seed: 1.5                | seed: expected a whole number
          bins: word               | bins: unknown bins 'word'
          bins: "marker:["         | bins: --bins marker:[: expected a regular expression
          method: acdc             | method: expected one of ig-gates, eap-ig-inputs, eap-ig-activations, clean-corrupted, eap, exact, random, got 'acdc'
          method: eap-ig-inputs ; quadrature: adaptive | --quadrature adaptive needs --points of at least 15, got 5
          method: eap-ig-inputs ; corruption: zero   | --method eap-ig-inputs takes gradients of runs whose input is corrupted, and with --corruption zero that is no input at all
          method: clean-corrupted ; corruption: zero | --method clean-corrupted takes gradients of runs whose input is corrupted
          points: many             | points: expected a whole number, got 'many'
          points: 3                | --quadrature adaptive needs --points of at least 15, got 3
          bos: maybe               | bos: expected true or false, got 'maybe'
          chat: 1                  | chat: expected true or false
          objective: logits        | --objective: unknown term 'logits'
          dtype: float8            | dtype: expected one of float64, float32, bfloat16, got 'float8'
          top: 0                   | top: a circuit needs at least one edge
          top: 200%                | top: a circuit needs at least one edge
          top: most                | top: a circuit size is a number of edges such as 200
          temperature: 0           | temperature must be a positive number, got 0.0
          temperature: .nan        | temperature must be a positive number, got NaN
          max-new-tokens: -1       | max-new-tokens must not be negative, got -1
          corruption: mad          | corruption must be one of same, map, resample, zero, mean, mean-positional or noise=SIGMA, got 'mad'
          corruption: noise=0      | corruption: the SIGMA of noise=SIGMA must be a positive number, got '0'
          align: left              | align must be pad-left, pad-right or skip, got 'left'
          chat-options: {x: [1]}   | chat-option x must be true, false, a number or a text, got [1]
          chat-options: {messages: a} | chat-option messages cannot be set
          chat-date: tomorrow      | chat-date must be a day such as 2026-01-31, got 'tomorrow'
          stop: ""                 | --stop and --stop-ids must not be empty
          seed: 1 ; seed: 2        | line 4: Duplicate
          - a                      | line
          limit: -1                | --limit must not be negative, got -1
          rollouts: null           | rollouts
          """)
  void aWrongValueIsRefusedInOneSentence(String lines, String said) throws IOException {
    Path file =
        Files.writeString(
            folder.resolve("c.yaml"), "model: m\ntask: t\n" + lines.replace(" ; ", "\n") + "\n");
    assertThatThrownBy(() -> SpecYaml.read(file, Map.of()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(file.toString())
        .hasMessageContaining(said)
        .message()
        .doesNotContain("\n");
  }

  @Test
  void aWrongSettingBesideTheTaskIsSaidToBeThere() throws IOException {
    Path task = Files.writeString(folder.resolve("t.jsonl"), "");
    Files.writeString(folder.resolve("t.yaml"), "max-new-tokens: many\n");
    assertThatThrownBy(() -> SpecYaml.read(null, Map.of("model", "m", "task", task.toString())))
        .hasMessage(
            "the settings beside %s: --max-new-tokens: expected a whole number, got 'many'"
                .formatted(task));
  }

  @Test
  void aMissingModelIsAskedFor() {
    assertThatThrownBy(() -> SpecYaml.read(null, Map.of("task", "t")))
        .hasMessage(
            "--model is missing: give the directory or GGUF file of a model, or org/name of the hub");
  }

  @ParameterizedTest
  @CsvSource({"200, 200", "10%, 10%", "0.5 %, 0.5%"})
  void circuitSizesKeepTheirForm(String text, String shown) {
    assertThat(CircuitSize.parse(text)).hasToString(shown);
  }
}
