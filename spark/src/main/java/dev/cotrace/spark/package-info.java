/**
 * Runs on Apache Spark: the jobs of a run are a map over executors, each of which loads the model
 * once, and what they add up to is reduced on the driver in the order of the jobs. Opens the root
 * room and {@code attribution}; all that is particular to Spark is here.
 */
@NullMarked
package dev.cotrace.spark;

import org.jspecify.annotations.NullMarked;
