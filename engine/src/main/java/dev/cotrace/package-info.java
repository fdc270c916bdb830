/**
 * Discoveries: from a {@link dev.cotrace.DiscoverySpec} to a run directory.
 *
 * <p>{@link dev.cotrace.Discovery#run} is the table of contents of the program. An {@link
 * dev.cotrace.Experiment} is a loaded model with a task in its tokens; a {@link
 * dev.cotrace.RunDirectory} holds what a run leaves behind (docs/run-directory.md).
 *
 * <p>Opens every room but {@code cli}.
 */
@NullMarked
package dev.cotrace;

import org.jspecify.annotations.NullMarked;
