package dev.cotrace.torch;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How much memory this process may come to hold, in bytes: what the system, or the process's
 * control group, has left, and what the process holds already.
 */
public final class FreeMemory {
  /** Limits at least this large are how control groups say that there is none. */
  private static final long NO_LIMIT = 1L << 60;

  private final Path root;

  private FreeMemory(Path root) {
    this.root = root;
  }

  /** For tensors at {@code placement}. */
  public static long at(Placement placement) {
    // A device has memory of its own: ask it here once runs on one are planned. Until then what the
    // host has stands for it.
    return of(Path.of("/"));
  }

  /**
   * Reads the files of Linux below {@code root}; elsewhere half of what is installed.
   *
   * @param root {@code /}, but in tests
   */
  static long of(Path root) {
    FreeMemory memory = new FreeMemory(root);
    OptionalLong available =
        memory.kilobytes("proc/meminfo", Pattern.compile("MemAvailable:\\s+(\\d+) kB"));
    if (available.isEmpty()) {
      return installed() / 2;
    }
    long own =
        memory.kilobytes("proc/self/status", Pattern.compile("RssAnon:\\s+(\\d+) kB")).orElse(0);
    long group = memory.leftInGroups();
    return own + Math.min(available.getAsLong(), group);
  }

  /** Memory of the machine. */
  public static long installed() {
    return ManagementFactory.getOperatingSystemMXBean()
            instanceof com.sun.management.OperatingSystemMXBean system
        ? system.getTotalMemorySize()
        : Long.MAX_VALUE;
  }

  /** What the tightest control group leaves, of version 2 or 1. */
  private long leftInGroups() {
    long left = NO_LIMIT;
    for (String line : lines("proc/self/cgroup")) {
      String[] entry = line.split(":", 3);
      if (entry.length == 3 && entry[1].isEmpty()) {
        left = Math.min(left, left("sys/fs/cgroup", entry[2], "memory.max", "memory.current"));
      } else if (entry.length == 3 && List.of(entry[1].split(",")).contains("memory")) {
        left =
            Math.min(
                left,
                left(
                    "sys/fs/cgroup/memory",
                    entry[2],
                    "memory.limit_in_bytes",
                    "memory.usage_in_bytes"));
      }
    }
    return left;
  }

  /**
   * What the group {@code path} and those around it leave; the files of a container are its own.
   */
  private long left(String mount, String path, String limitFile, String usageFile) {
    long left = NO_LIMIT;
    for (String folder : foldersAround(path)) {
      String directory = mount + folder;
      OptionalLong limit = number(directory + "/" + limitFile);
      OptionalLong usage = number(directory + "/" + usageFile);
      if (limit.isPresent() && limit.getAsLong() < NO_LIMIT && usage.isPresent()) {
        long cache = cache(directory);
        left = Math.min(left, Math.max(0, limit.getAsLong() - usage.getAsLong() + cache));
      }
    }
    return left;
  }

  /** {@code /a/b}, {@code /a} and the mount itself. */
  private static List<String> foldersAround(String path) {
    List<String> folders = new ArrayList<>();
    String folder = path.replaceAll("/+$", "");
    while (!folder.isEmpty()) {
      folders.add(folder);
      folder = folder.substring(0, Math.max(0, folder.lastIndexOf('/')));
    }
    folders.add("");
    return folders;
  }

  /** Files in memory that count as used and are given up when memory is short. */
  private long cache(String directory) {
    Pattern file = Pattern.compile("inactive_file (\\d+)");
    return lines(directory + "/memory.stat").stream()
        .map(file::matcher)
        .filter(Matcher::matches)
        .mapToLong(matcher -> Long.parseLong(matcher.group(1)))
        .findFirst()
        .orElse(0);
  }

  private OptionalLong number(String file) {
    return lines(file).stream()
        .filter(line -> line.matches("\\d{1,19}"))
        .mapToLong(line -> (long) Double.parseDouble(line))
        .findFirst();
  }

  private OptionalLong kilobytes(String file, Pattern pattern) {
    return lines(file).stream()
        .map(pattern::matcher)
        .filter(Matcher::matches)
        .mapToLong(matcher -> Long.parseLong(matcher.group(1)) << 10)
        .findFirst();
  }

  private List<String> lines(String file) {
    try {
      return Files.readAllLines(root.resolve(file));
    } catch (IOException e) {
      return List.of(); // Not this kind of system.
    }
  }
}
