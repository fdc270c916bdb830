/** Planted violations of the house rules; see {@link dev.cotrace.ArchitectureTest}. */
@NullMarked
package dev.cotrace.planted.attribution;

import org.jspecify.annotations.NullMarked;
