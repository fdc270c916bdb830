package dev.cotrace.task.generator;

import java.util.List;

/** The words that prompts are made of. */
final class Vocabulary {
  static final List<String> NAMES =
      words(
          "Adam Alex Alice Amy Andrew Anna Ben Carl Charles Chris Clara Dan David Edward Emily Emma"
              + " Eric Eva Frank Fred George Grace Greg Hannah Harry Helen Henry Jack James Jane"
              + " Jason Joe John Julia Karen Kate Kevin Laura Lee Lisa Louis Lucy Luke Maria Mark"
              + " Martin Mary Matt Max Mike Nick Oliver Oscar Paul Peter Rachel Robert Rose Ruth"
              + " Ryan Sam Sara Simon Sophie Steve Susan Thomas Tim Tom Tony Victor William");

  static final List<String> PLACES =
      words("school park station market office garden library museum beach hospital");

  static final List<String> OBJECTS =
      words("book drink ring ball letter ticket map pen present key");

  static final List<String> RELATIONS = words("boss teacher doctor coach");

  static final List<String> EVENTS =
      words(
          "war journey project reign strike dispute campaign famine alliance study drought trial"
              + " treaty siege expedition lease programme contract");

  private Vocabulary() {}

  private static List<String> words(String line) {
    return List.of(line.split(" "));
  }
}
