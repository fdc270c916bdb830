package dev.cotrace.circuit;

/**
 * What one sentence of a clean chain of thought is worth.
 *
 * @param pair id of its pair
 * @param repeat of the group of J(1) whose rollout it is from
 * @param rollout index of the rollout in that group
 * @param sentence counted from 1
 * @param sentences number of sentences of the rollout
 * @param from step of its first token
 * @param to step after its last token
 * @param text of its tokens
 * @param value mean F of the clean model's chains of thought that begin with all up to its end; F
 *     of the rollout itself after the last sentence
 * @param importance {@code value} less that of the sentence before; for the first sentence, less
 *     the mean F of the prompt's other rollouts
 */
public record SentenceScore(
    String pair,
    int repeat,
    int rollout,
    int sentence,
    int sentences,
    int from,
    int to,
    String text,
    Estimate value,
    Estimate importance) {}
