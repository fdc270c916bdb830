"""What the programs of this folder share: child processes that take turns, their peak memory, and JSON lines."""

import importlib.metadata
import json
import os
import platform
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COTRACE = ROOT / "cotrace"


def environment(threads: int) -> dict[str, str]:
    """The environment of a child that computes with THREADS threads."""
    return os.environ | dict(OMP_NUM_THREADS=str(threads), MKL_NUM_THREADS=str(threads))


def peak_memory(pid: int) -> int:
    """The most resident memory that a living process has had, in bytes."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return 1024 * int(line.split()[1])
    raise RuntimeError(f"/proc/{pid}/status does not say VmHWM: these measurements need Linux and a living process")


class Child:
    """A program that says a line when it is ready, and answers each line that it is told with one."""

    def __init__(self, command: list, threads: int):
        self.command = [str(word) for word in command]
        self.process = subprocess.Popen(
            self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment(threads)
        )
        self.greeting = self.line()

    def line(self) -> str:
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"expected a line from {' '.join(self.command)}, but it ended with {self.process.wait()}")
        return line.strip()

    def ask(self, line: str) -> str:
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self.line()

    def end(self) -> int:
        """Ends it; its peak memory in bytes."""
        peak = peak_memory(self.process.pid)
        self.process.stdin.close()
        self.process.wait()
        return peak


def run(command: list, threads: int, errors: bool = False) -> tuple[list[tuple[float, str]], float, int]:
    """Runs a program to its end: the lines that it printed (on standard error if ERRORS) and when, in seconds; all its
    seconds; its peak memory in bytes."""
    command = [str(word) for word in command]
    piped = dict(stderr=subprocess.PIPE, stdout=subprocess.DEVNULL) if errors else dict(stdout=subprocess.PIPE)
    start = time.perf_counter()
    with subprocess.Popen(command, text=True, env=environment(threads), **piped) as process:
        stream = process.stderr if errors else process.stdout
        lines = [(time.perf_counter() - start, line.rstrip()) for line in stream]
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - start
    if process.returncode:
        printed = "\n".join(line for _, line in lines)
        sys.exit(f"{' '.join(command)} ended with {process.returncode}:\n{printed}")
    return lines, seconds, 1024 * usage.ru_maxrss


def discover(threads: int, **options) -> tuple[float, float, int]:
    """Runs `cotrace discover`: the seconds of its gradients (sampling included), of all; its peak memory in bytes."""
    words = [COTRACE, "discover", "--threads", threads]
    for name, value in options.items():
        words += ["--" + name.replace("_", "-"), value]
    lines, seconds, peak = run(words, threads, errors=True)
    ended = {phase: at for at, line in lines for phase in ("J(0) and J(1)", "gradients") if line.startswith(phase)}
    return ended["gradients"] - ended["J(0) and J(1)"], seconds, peak


def surroundings(threads: int, *packages: str) -> dict:
    """What one must know of a measurement to compare it with another."""
    version = subprocess.run([COTRACE, "--version"], capture_output=True, text=True, check=True).stdout
    processors = [l for l in Path("/proc/cpuinfo").read_text().splitlines() if l.startswith("model name")]
    return dict(
        threads=threads,
        versions=dict(
            cotrace=version.split()[-1],
            commit=git("rev-parse", "--short", "HEAD") + ("+" if git("status", "--porcelain", "engine") else ""),
            python=platform.python_version(),
            **{package: importlib.metadata.version(package) for package in packages},
        ),
        machine=dict(
            processor=processors[0].split(":")[1].strip() if processors else platform.machine(),
            cores=os.cpu_count(),
            memory_bytes=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
            load=os.getloadavg()[0],
        ),
    )


def git(*words: str) -> str:
    return subprocess.run(["git", "-C", ROOT, *words], capture_output=True, text=True).stdout.strip()


def say(measurement: dict) -> None:
    """One measurement, one line."""
    print(json.dumps(measurement), flush=True)


def note(text: str) -> None:
    """Progress, for people."""
    print(text, file=sys.stderr, flush=True)
