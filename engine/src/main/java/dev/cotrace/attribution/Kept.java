package dev.cotrace.attribution;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

/** A part of what a checkpoint holds of a run. */
public interface Kept {
  /** Writes what it has come to. */
  void save(DataOutput out) throws IOException;

  /** Takes up what {@link #save} wrote. */
  void restore(DataInput in) throws IOException;

  /** Adds what {@link #save} wrote in a process that did other jobs of the same run. */
  void add(DataInput in) throws IOException;
}
