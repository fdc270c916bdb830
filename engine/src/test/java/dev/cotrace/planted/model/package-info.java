/** Planted violations of the house rules; see {@link dev.cotrace.ArchitectureTest}. */
@NullMarked
package dev.cotrace.planted.model;

import org.jspecify.annotations.NullMarked;
