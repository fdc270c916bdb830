package dev.cotrace.format;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SplitPatternTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        // Llama 3, Qwen2, Qwen3.5
        "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
        "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
        "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?[\\p{L}\\p{M}]+|\\p{N}| ?[^\\s\\p{L}\\p{M}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
        // GPT-4o, Mistral's tekken
        "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
        "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+|[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
        // DeepSeek V3 and coder, GPT-2, BLOOM
        "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
        "[一-龥\u3040-ゟ゠-ヿ]+",
        "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+",
        " ?[^(\\s|[.,!?…。，、।۔،])]+",
        "'(?i:[sdmt]|ll|ve|re)|[^\\r\\n\\p{L}\\p{N}]?+\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]++[\\r\\n]*|\\s*[\\r\\n]|\\s+(?!\\S)|\\s+",
        "\\s?\\p{L}+",
        "\\w+|[^\\w\\s]+",
        ""
      })
  void publishedPatternsAreLetThrough(String regex) {
    assertThat(SplitPattern.why(regex)).isEmpty();
  }

  /** With a text of a few dozen to a few thousand letters, some of these end a process. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "(a|a)*(?![a-z])",
        "(?:a|aa)+(?!\\w)",
        "a*a*a*a*a*(?!\\w)",
        "(?<x>a(?:a\\g<x>*|b))(?!\\w)",
        "(?:(?:a+)+)+(?!\\w)",
        "a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?(?!\\w)",
        "(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)",
        "(a|a){30}(?!\\w)",
        "(a)\\1",
        "\\g<0>",
        "a{1,100000}",
        "a{1,900}{1,900}",
        "a{1,900}a{1,900}a{1,900}b",
        "a**",
        "(?<=a*)b",
        "(?>a*)b",
        "(?#x)",
        "\\X*",
        "[a",
        "a)",
        "(a",
        "*",
        "{3}",
        "a{",
        "a{x}",
        "a{1,2,3}",
        "\\",
        "\\p{"
      })
  void patternsThatCouldRunLongAreNot(String regex) {
    assertThat(SplitPattern.why(regex)).isPresent();
  }
}
