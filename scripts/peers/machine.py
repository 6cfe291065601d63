"""The machine that measures: its cores, how fast they are now, and who else computes on them."""
import json
import os
import platform
import resource
import subprocess
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TINY = os.path.join(HERE, "..", "..", "configs", "tiny.ini")
PEAK_REPEATS = 9  # over a second or two
TICKS = os.sysconf("SC_CLK_TCK")

# What would make a peer slower than it can be, or take other kernels than it would choose.
SLOWING = ("OPENBLAS_CORETYPE", "ATEN_CPU_CAPABILITY", "ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA",
           "MKL_ENABLE_INSTRUCTIONS", "MKL_CBWR", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "LD_PRELOAD")


class Failure(Exception):
    """A sentence for the user."""


def run(command, environment=None, text=None):
    """What the command prints; a Failure with its last words if it fails."""
    done = subprocess.run(command, capture_output=True, text=True, input=text or "",
                          env=environment or os.environ)
    if done.returncode != 0:
        said = "\n".join(done.stderr.strip().splitlines()[-5:])
        raise Failure(f"{' '.join(command)}\nexit code {done.returncode}: {said}")
    return done.stdout


def results_of(output):
    """name -> value, from the JSON of `lambert bench`."""
    return {result["name"]: result["value"] for result in json.loads(output)["results"]}


def busy_seconds(stat, processors):
    """Seconds that these processors have computed, for whomever, or were not there as the host had given
    them to another guest; from the text of /proc/stat."""
    ticks = 0
    for line in stat.splitlines():
        words = line.split()
        if words[0] not in {f"cpu{processor}" for processor in processors}:
            continue
        user, nice, system, _idle, _waiting, interrupts, soft, stolen = map(int, words[1:9])
        ticks += user + nice + system + interrupts + soft + stolen
    return ticks / TICKS


def siblings(processor):
    """The hardware threads of its core, as the kernel lists them."""
    try:
        with open(f"/sys/devices/system/cpu/cpu{processor}/topology/thread_siblings_list",
                  encoding="utf-8") as file:
            return file.read().strip()
    except FileNotFoundError:
        return str(processor)


class Machine:
    """A build of Lambert, the processors that this program may use, and a thread for each core of them."""

    def __init__(self, build):
        self.program = os.path.join(build, "lambert")
        self.processors = os.sched_getaffinity(0)
        self.threads = len(set(map(siblings, self.processors)))
        if not os.access(self.program, os.X_OK):
            raise Failure(f"{self.program} is not there; run make first")

    def environment(self, **more):
        """As it is, with a thread a core and nothing that slows one of the two."""
        kept = {name: value for name, value in os.environ.items() if name not in SLOWING}
        return {**kept, "OMP_NUM_THREADS": str(self.threads), **more}

    def lambert(self, *words):
        return run([self.program, *words], self.environment())

    def peak(self):
        """GFLOP/s of fused multiply-adds, all cores: the median over a second or two."""
        results = results_of(self.lambert("bench", "model", TINY, "run.folder=none", "data.corpus=none",
                                          "--phase", "one", "--steps", "--json",
                                          "--repeat", str(PEAK_REPEATS)))
        return results["peak-32"]

    @staticmethod
    def cpu():
        """What /proc/cpuinfo calls it."""
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            names = [line.split(":", 1)[1].strip() for line in file if line.startswith("model name")]
        return names[0] if names else platform.machine()

    @staticmethod
    def load():
        return os.getloadavg()[0]

    def times(self):
        """Seconds by now: of the clock, that the processors have computed, and of these for this program and
        those that it started and that have ended."""
        own = sum(usage.ru_utime + usage.ru_stime
                  for usage in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)))
        with open("/proc/stat", encoding="utf-8") as file:
            return time.monotonic(), busy_seconds(file.read(), self.processors), own

    def others_since(self, started):
        """The share of the processors' time since then that went to others."""
        return others_between(started, self.times(), len(self.processors))


def others_between(before, after, processors):
    clock, busy, own = (b - a for a, b in zip(before, after))
    return max(0.0, busy - own) / (clock * processors)


def find_tcmalloc():
    """The library to preload, or None."""
    folders = (f"/usr/lib/{platform.machine()}-linux-gnu", "/usr/lib64", "/usr/lib", "/usr/local/lib")
    paths = (os.path.join(folder, "libtcmalloc_minimal.so.4") for folder in folders)
    return next(filter(os.path.exists, paths), None)
