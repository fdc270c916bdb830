"""What the programs of this folder share: child processes that take turns, their peak memory, and JSON lines."""

import importlib.metadata
import json
import os
import platform
import subprocess
import sys
import time
from dataclasses import asdict, astuple, dataclass
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


def cpu_seconds(pid: int) -> float:
    """The processor time that a process, not its children, has used, of all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@dataclass
class Cost:
    """What work has taken: seconds, processor seconds of all threads, peak memory of its process in bytes."""

    seconds: float
    cpu_seconds: float
    peak_bytes: int = 0


def fastest(costs: list[Cost]) -> Cost:
    """The least of each: other processes can only add."""
    return Cost(*(min(values) for values in zip(*map(astuple, costs))))


def ratios(peer: list[Cost], cotrace: list[Cost]) -> dict[str, float]:
    """The peer's least cost over Cotrace's."""
    over = {name: value / ours for (name, value), ours in zip(asdict(fastest(peer)).items(), astuple(fastest(cotrace)))}
    return dict(ratio=over["seconds"], cpu_ratio=over["cpu_seconds"], memory_ratio=over["peak_bytes"])


def columns(costs: list[Cost], *names: str) -> dict[str, list]:
    """The costs of several rounds, name by name."""
    return {name: [getattr(cost, name) for cost in costs] for name in names}


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

    def ask(self, line: str) -> Cost:
        """What a round took: the child says its seconds."""
        before = cpu_seconds(self.process.pid)
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        seconds = float(self.line())
        return Cost(seconds, cpu_seconds(self.process.pid) - before, peak_memory(self.process.pid))

    def end(self) -> None:
        self.process.stdin.close()
        self.process.wait()


def run(command: list, threads: int, errors: bool = False) -> tuple[list[tuple[str, Cost]], Cost]:
    """Runs a program to its end: the lines that it printed (on standard error if ERRORS), each with what the program had
    taken by then, and what it took in all."""
    command = [str(word) for word in command]
    piped = dict(stderr=subprocess.PIPE, stdout=subprocess.DEVNULL) if errors else dict(stdout=subprocess.PIPE)
    start = time.perf_counter()
    with subprocess.Popen(command, text=True, env=environment(threads), **piped) as process:
        lines = []
        for line in process.stderr if errors else process.stdout:
            lines.append((line.rstrip(), Cost(time.perf_counter() - start, cpu_seconds(process.pid))))
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        printed = "\n".join(line for line, _ in lines)
        sys.exit(f"{' '.join(command)} ended with {process.returncode}:\n{printed}")
    seconds = time.perf_counter() - start
    return lines, Cost(seconds, usage.ru_utime + usage.ru_stime, 1024 * usage.ru_maxrss)


def discover(threads: int, **options) -> tuple[Cost, Cost]:
    """Runs `cotrace discover`: what its gradients took, sampling included, and what the process took."""
    words = [COTRACE, "discover", "--threads", threads]
    for name, value in options.items():
        words += ["--" + name.replace("_", "-"), value]
    lines, whole = run(words, threads, errors=True)
    ended = {phase: at for line, at in lines for phase in ("J(0) and J(1)", "gradients") if line.startswith(phase)}
    before, after = ended["J(0) and J(1)"], ended["gradients"]
    return Cost(after.seconds - before.seconds, after.cpu_seconds - before.cpu_seconds, whole.peak_bytes), whole


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
