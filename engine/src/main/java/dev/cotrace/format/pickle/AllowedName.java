package dev.cotrace.format.pickle;

import dev.cotrace.format.StoredType;
import java.util.Arrays;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The only names that a pickle may use. None is looked up: each stands for what it is known to do.
 */
enum AllowedName implements StackItem {
  REBUILD_TENSOR("torch._utils", "_rebuild_tensor_v2", null),
  ORDERED_DICT("collections", "OrderedDict", null),
  DOUBLE_STORAGE("torch", "DoubleStorage", StoredType.F64),
  FLOAT_STORAGE("torch", "FloatStorage", StoredType.F32),
  HALF_STORAGE("torch", "HalfStorage", StoredType.F16),
  BFLOAT16_STORAGE("torch", "BFloat16Storage", StoredType.BF16),
  LONG_STORAGE("torch", "LongStorage", StoredType.I64),
  INT_STORAGE("torch", "IntStorage", StoredType.I32),
  SHORT_STORAGE("torch", "ShortStorage", StoredType.I16),
  CHAR_STORAGE("torch", "CharStorage", StoredType.I8),
  BYTE_STORAGE("torch", "ByteStorage", StoredType.U8),
  BOOL_STORAGE("torch", "BoolStorage", StoredType.BOOL);

  private final String module;
  private final String function;
  private final @Nullable StoredType elements;

  AllowedName(String module, String function, @Nullable StoredType elements) {
    this.module = module;
    this.function = function;
    this.elements = elements;
  }

  String module() {
    return module;
  }

  String function() {
    return function;
  }

  /** The type of a storage's elements; null for what is no class of storages. */
  @Nullable StoredType elements() {
    return elements;
  }

  static Optional<AllowedName> of(String module, String function) {
    return Arrays.stream(values())
        .filter(name -> name.module.equals(module) && name.function.equals(function))
        .findFirst();
  }

  /**
   * The class of storages whose elements are of {@code type}.
   *
   * @throws IllegalArgumentException when torch has none
   */
  static AllowedName storageOf(StoredType type) {
    return Arrays.stream(values())
        .filter(name -> name.elements == type)
        .findFirst()
        .orElseThrow(() ->
            new IllegalArgumentException(
                "torch has no storage of %s elements; decode them first".formatted(type)));
  }
}
