/**
 * Values in the archives that PyTorch's {@code torch.save} writes, without running anything.
 *
 * <p>{@link dev.cotrace.format.pickle.TorchArchive} is the door. A pickle is a program for a stack
 * machine that may name any function; {@link dev.cotrace.format.pickle.Unpickler} knows the few
 * instructions that build plain values and tensors, looks no name up, and refuses all others.
 *
 * <p>Opens nothing.
 */
@NullMarked
package dev.cotrace.format.pickle;

import org.jspecify.annotations.NullMarked;
