package dev.cotrace.planted.attribution;

import org.bytedeco.pytorch.Tensor;

/** Hands a tensor through the wall. */
public record ShowsTensors(Tensor scores) {}
