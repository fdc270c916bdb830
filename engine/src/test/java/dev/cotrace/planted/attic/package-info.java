/** Planted violations of the house rules; see {@link dev.cotrace.ArchitectureTest}. */
@NullMarked
package dev.cotrace.planted.attic;

import org.jspecify.annotations.NullMarked;
