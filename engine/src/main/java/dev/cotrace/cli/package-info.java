/**
 * The command line: one class per command, and the only room that prints.
 *
 * <p>Results go to standard output, everything else to standard error; with {@code --json} standard
 * output holds one JSON object. Exit codes: 0; 1 for a bug of ours, or when the hub cannot be
 * reached; 2 for bad input, with one sentence and nothing left behind; 130 when interrupted.
 *
 * <p>What is printed goes through a {@link dev.cotrace.cli.SafeWriter}, because text of models and
 * prompts may hold anything; where there is colour, each part is made safe by {@link
 * dev.cotrace.TerminalText}.
 *
 * <p>Opens the root, {@code report}, {@code circuit} and {@code hub}.
 */
@NullMarked
package dev.cotrace.cli;

import org.jspecify.annotations.NullMarked;
