package dev.cotrace.circuit;

/**
 * What switching edges takes away, in the unit of J; the sign is that of their scores.
 *
 * @param total J(1) − J
 * @param direct the part at fixed tokens
 * @param throughCot the rest
 */
public record SwitchEffect(Estimate total, Estimate direct, Estimate throughCot) {}
