/** stub. */
@NullMarked
package dev.cotrace.circuit;

import org.jspecify.annotations.NullMarked;
