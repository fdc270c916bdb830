package dev.cotrace.cli;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandleProxies;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.InvocationTargetException;
import java.util.List;
import java.util.function.IntConsumer;

/**
 * Signals of the operating system. Nothing in the JDK but {@code sun.misc.Signal} hears a second
 * one; it is called by name, since compilers warn of it in a way that cannot be turned off.
 */
final class Signals {
  private Signals() {}

  /**
   * Hands the numbers of signals, as they come, to {@code listener}, each on a thread of its own.
   * Signals that this system does not have are left alone; so are all where the JVM lets none be
   * heard.
   */
  static void hear(List<String> names, IntConsumer listener) {
    try {
      Class<?> signal = Class.forName("sun.misc.Signal");
      Class<?> handler = Class.forName("sun.misc.SignalHandler");
      MethodHandles.Lookup lookup = MethodHandles.publicLookup();
      MethodHandle number =
          lookup.findVirtual(signal, "getNumber", MethodType.methodType(int.class));
      MethodHandle accept =
          lookup
              .findVirtual(
                  IntConsumer.class, "accept", MethodType.methodType(void.class, int.class))
              .bindTo(listener);
      Object heard =
          MethodHandleProxies.asInterfaceInstance(
              handler, MethodHandles.filterArguments(accept, 0, number));
      for (String name : names) {
        try {
          Object named = signal.getConstructor(String.class).newInstance(name);
          signal.getMethod("handle", signal, handler).invoke(null, named, heard);
        } catch (InvocationTargetException _) {
          // The system has no such signal, or keeps it to itself.
        }
      }
    } catch (ReflectiveOperationException _) {
      // Signals then end the process as they do by themselves.
    }
  }
}
