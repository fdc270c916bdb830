package dev.cotrace.format.pickle;

import dev.cotrace.format.StoredTensor;
import java.util.List;

/** What lies on the stack of {@link Unpickler}. */
sealed interface StackItem
    permits StackItem.Value, StackItem.Arguments, StackItem.Storage, StackItem.Mark, AllowedName {
  /** A value that may end up in what is read. */
  record Value(PickleValue value) implements StackItem {}

  /** A tuple with something in it that may not: the arguments of a name. */
  record Arguments(List<StackItem> items) implements StackItem {}

  /** The elements that tensors view. */
  record Storage(StoredTensor elements) implements StackItem {}

  /** Where the items of a container begin. */
  record Mark() implements StackItem {}
}
