/**
 * The local server: lists the runs of a directory, opens their pages and follows runs in progress.
 *
 * <p>A {@link dev.cotrace.serve.RunServer} answers requests; a {@link dev.cotrace.serve.RunFolder}
 * knows the runs, and paths only come from there, never from a request; a {@link
 * dev.cotrace.serve.Following} reads what a run in progress has written so far.
 *
 * <p>Opens the root, {@code report} and {@code circuit}.
 */
@NullMarked
package dev.cotrace.serve;

import org.jspecify.annotations.NullMarked;
