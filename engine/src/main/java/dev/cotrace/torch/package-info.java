/**
 * The door to libtorch: native memory, precision and device, and the copies between Java arrays and
 * tensors.
 *
 * <p>There is no tensor wrapper: the rooms behind the wall ({@code torch}, {@code model}, {@code
 * gate}, {@code rollout}, {@code attribution}) use {@link org.bytedeco.pytorch.Tensor} itself. This
 * room holds what they would otherwise each repeat. Opens no other room.
 */
@NullMarked
package dev.cotrace.torch;

import org.jspecify.annotations.NullMarked;
