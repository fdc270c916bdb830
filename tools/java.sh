# shellcheck shell=bash
# What `cotrace` and `check` share: finding a JDK without starting one, the class path, and what libtorch reads as it loads.
# Sourced with `root` set to the repository. Keeps to bash 3.2, which macOS ships.

java_needed=25
jar_directory=${root:?}/engine/target

# Prints the feature version (25 for 25.0.3) that DIRECTORY's `release` file states; fails if it holds no JDK.
jdk_version() { # DIRECTORY
  local line version
  [ -x "$1/bin/java" ] && [ -x "$1/bin/javac" ] && [ -r "$1/release" ] || return 1
  while IFS= read -r line || [ -n "$line" ]; do
    case $line in
      JAVA_VERSION=*)
        version=${line#JAVA_VERSION=}
        version=${version//\"/}
        version=${version%%[!0-9]*}
        [ -n "$version" ] && printf '%s\n' "$version"
        return
        ;;
    esac
  done <"$1/release"
  return 1
}

# Follows symbolic links; `readlink -f` is missing on older macOS.
resolve_links() { # FILE
  local file=$1 link
  while [ -L "$file" ]; do
    link=$(readlink "$file")
    case $link in
      /*) file=$link ;;
      *) file=$(dirname "$file")/$link ;;
    esac
  done
  printf '%s\n' "$(cd "$(dirname "$file")" && pwd -P)/$(basename "$file")"
}

# Sets `jdk` to a JDK of at least java_needed: JAVA_HOME, then PATH's, then the oldest that will do in the usual
# places, because that is the one closest to what the tests ran on.
find_jdk() {
  local home version best=1000 java
  jdk=
  if [ -n "${JAVA_HOME-}" ] && version=$(jdk_version "$JAVA_HOME") && [ "$version" -ge "$java_needed" ]; then
    jdk=$JAVA_HOME
    return 0
  fi
  if java=$(command -v java); then
    home=$(dirname "$(dirname "$(resolve_links "$java")")")
    if version=$(jdk_version "$home") && [ "$version" -ge "$java_needed" ]; then
      jdk=$home
      return 0
    fi
  fi
  for home in /usr/lib/jvm/* "${HOME-}"/.sdkman/candidates/java/* "${HOME-}"/.jdks/* \
    /Library/Java/JavaVirtualMachines/*/Contents/Home; do
    if version=$(jdk_version "$home") && [ "$version" -ge "$java_needed" ] && [ "$version" -lt "$best" ]; then
      jdk=$home
      best=$version
    fi
  done
  [ -n "$jdk" ]
}

require_jdk() { # COMMAND
  if ! find_jdk; then
    printf '%s: needs a JDK of version %s or newer, and neither JAVA_HOME, PATH, /usr/lib/jvm, ~/.sdkman, ~/.jdks nor /Library/Java holds one; install one (such as Eclipse Temurin %s) or point JAVA_HOME at it.\n' \
      "$1" "$java_needed" "$java_needed" >&2
    exit 2
  fi
}

require_maven() { # COMMAND
  if ! command -v mvn >/dev/null; then
    printf '%s: needs Maven 3.8 or newer to build, and PATH holds no mvn; install it (Debian and Ubuntu: apt-get install maven; macOS: brew install maven).\n' "$1" >&2
    exit 2
  fi
}

# Sets `jar` to the newest engine jar, empty if there is none.
find_jar() {
  local file
  jar=
  for file in "$jar_directory"/cotrace-engine-*.jar; do
    case $file in
      *-sources.jar | *-javadoc.jar | *-tests.jar) continue ;;
    esac
    if [ -f "$file" ] && { [ -z "$jar" ] || [ "$file" -nt "$jar" ]; }; then
      jar=$file
    fi
  done
}

# Sets `class_path` in a fixed order: an AOT cache is valid for one class path only, and `lib/*` follows the directory's order.
set_class_path() {
  local file
  class_path=$jar
  for file in "$jar_directory"/lib/*.jar; do
    class_path=$class_path:$file
  done
}

# These are read once, when the native libraries load, so they must be in the environment before the JVM starts.
# Why one OpenBLAS thread: docs/decisions/0001-native-threads.md, with the measurements.
set_native_environment() {
  # Threads spin for a moment before they sleep: most of the next work comes sooner (docs/decisions/0001-native-threads.md).
  export GOMP_SPINCOUNT=${GOMP_SPINCOUNT:-10000} OMP_WAIT_POLICY=${OMP_WAIT_POLICY:-PASSIVE}
  export OPENBLAS_NUM_THREADS=${OPENBLAS_NUM_THREADS:-1}
  # libtorch then asks for huge pages: a fresh large tensor is faulted in four times faster.
  export THP_MEM_ALLOC_ENABLE=${THP_MEM_ALLOC_ENABLE:-1}
  # glibc would give every thread a heap of its own, and never give back what lies between used blocks there: a run then
  # came to hold half as much again.
  export MALLOC_ARENA_MAX=${MALLOC_ARENA_MAX:-2}
  export DJL_OFFLINE=true OPT_OUT_TRACKING=true
}

# JavaCPP counts libtorch's memory against the heap's limit unless both of its limits are off.
# shellcheck disable=SC2034 # read by the sourcing script
java_flags=(
  -Dorg.bytedeco.javacpp.maxPhysicalBytes=0
  -Dorg.bytedeco.javacpp.maxBytes=0
  --enable-native-access=ALL-UNNAMED
  --sun-misc-unsafe-memory-access=allow
)
