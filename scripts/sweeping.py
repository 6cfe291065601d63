"""Many runs of `lambert train` that differ in a few keys: the table of them, their making, and their records.

A sweep is a folder. The run NAME lies in FOLDER/NAME, what it said in FOLDER/NAME.log, and once it has ended by
itself FOLDER/NAME.json is its record, which says how: done, diverged (a loss or the gradient was not finite, or the
held-out loss ended above where it began) or failed (anything else). What has a record is not made again; what
has none begins, or goes on from its checkpoint. Runs do not know of each other, and the lock of a run's folder keeps two
from making the same one, so that any number of sweeps, on any number of machines, may work in one folder.

scripts/sweep is the command; scripts/study/ uses this too. Wants nothing but Python."""
import csv
import dataclasses
import itertools
import json
import os
import re
import shlex
import signal
import subprocess
import threading
import time

STOPPED, LOCKED = 76, 75  # exit codes: told to end before its end; another host has the folder's lock
LONGEST_NAME = 200        # of a file, with room for endings
OWN_KEYS = {"run.folder", "run.threads", "run.log_level", "run.lock", "run.lock_seconds"}  # change no number of a run
DIVERGED = re.compile(r"is not finite|no longer finite|too long to compute with")


class Failure(Exception):
    """A sentence for the user."""


@dataclasses.dataclass(frozen=True)
class Row:
    """A run that is wanted: its name, and the keys that are its own."""
    name: str
    keys: dict

    @property
    def words(self):
        return [f"{key}={value}" for key, value in self.keys.items()]


# --- tables ---------------------------------------------------------------------------------------
def name_of(keys):
    """A name of the keys alone, not of the other rows, so that a table may grow."""
    return re.sub(r"[^A-Za-z0-9_.,=+-]", "_", ",".join(f"{key}={value}" for key, value in keys.items()))


def read_table(path):
    """[(name or None, keys)] of a TSV: a column a key (or `name`), a row a run, an empty cell no word. Empty lines
    and those that begin with # are passed over."""
    with open(path, encoding="utf-8", newline="") as file:
        lines = [(number, line.rstrip("\r\n")) for number, line in enumerate(file, 1)
                 if line.strip() and not line.startswith("#")]
    if not lines:
        raise Failure(f"{path} has no line with the names of the keys")
    cells = lambda line: next(csv.reader([line], delimiter="\t", quoting=csv.QUOTE_NONE))
    header = [cell.strip() for cell in cells(lines[0][1])]
    for column in header:
        if column != "name" and "." not in column:
            raise Failure(f"{path}:{lines[0][0]}: '{column}' is no key, section.key, nor 'name'")
        if header.count(column) > 1:
            raise Failure(f"{path}:{lines[0][0]}: two columns are '{column}'")
    rows = []
    for number, line in lines[1:]:
        row = [cell.strip() for cell in cells(line)]
        if len(row) != len(header):
            raise Failure(f"{path}:{number}: {len(row)} cells stand under {len(header)} names")
        keys = {key: value for key, value in zip(header, row) if value}
        rows.append((keys.pop("name", None), keys))
    return rows


def read_grid(words):
    """[(None, keys)] of KEY=VALUE,VALUE...: every combination, the last key changing first."""
    choices = []
    for word in words:
        key, equals, values = word.partition("=")
        if not equals or "." not in key or not all(values.split(",")):
            raise Failure(f"--grid {word}: KEY=VALUE,VALUE... is wanted")
        choices.append([(key, value) for value in values.split(",")])
    return [(None, dict(chosen)) for chosen in itertools.product(*choices)]


def rows_of(table, grid):
    """Rows of a table times those of a grid, either of which may be [(None, {})]: named, and each only once."""
    rows = []
    for (name, keys), (_, more) in itertools.product(table, grid):
        both = keys.keys() & more.keys()
        if both:
            raise Failure(f"{min(both)} is in the table and in the grid")
        whole = {**keys, **more}
        if name is not None and more:
            name_here = f"{name},{name_of(more)}"
        else:
            name_here = name if name is not None else name_of(whole)
        rows.append(Row(name_here, whole))
    names = [row.name for row in rows]
    for row in rows:
        if names.count(row.name) > 1:
            raise Failure(f"two runs are called '{row.name}'")
        if not re.fullmatch(r"[A-Za-z0-9_.,=+-]+", row.name) or row.name.startswith("."):
            raise Failure(f"'{row.name}' is no name of a run: letters, digits and _ . , = + - are")
        if len(row.name) > LONGEST_NAME:
            raise Failure(f"the name {row.name[:60]}... is longer than {LONGEST_NAME} letters: a column 'name' gives "
                          "the runs others")
        if "run.folder" in row.keys:
            raise Failure(f"{row.name}: run.folder is not for the table to give: a run lies in a folder of its name")
    return rows


# --- the program ----------------------------------------------------------------------------------
def settings_of(program, words):
    """{section.key: value} of the configuration that the words come to; a Failure with what is wrong with it."""
    done = subprocess.run([program, "show", "config", *words], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Failure(done.stderr.strip() or f"{program} show config ended with exit code {done.returncode}")
    settings, section = {}, ""
    for line in done.stdout.splitlines():
        if line.startswith("["):
            section = line.strip("[] ").replace(" ", ".")
        elif " =" in line and not line.startswith(("#", ";")):
            key, _, value = line.partition(" =")
            settings[f"{section}.{key.strip()}"] = value.strip()
    return {key: value for key, value in settings.items() if key not in OWN_KEYS}


def last_evaluations(metrics):
    """The first and the last line of held-out evaluation, the last step, and the seconds of all steps; what stands
    behind the last newline is half-written."""
    first = last = step = None
    seconds = 0.0
    try:
        with open(metrics, "rb") as file:
            lines = file.read().split(b"\n")[:-1]
    except FileNotFoundError:
        lines = []
    for line in lines:
        record = json.loads(line)
        if record["kind"] == "evaluation":
            first, last = first or record, record
        elif record["kind"] == "step":
            step = record
            seconds += record["seconds"]
    return first, last, step, seconds


def sentence_of(said):
    """Of what a run that failed said, the line to tell: Lambert's last error, which mpirun's own words may follow."""
    lines = [line.strip() for line in said.splitlines() if line.strip(" -")]
    errors = [line for line in lines if line.startswith("error: ")]
    return (errors or lines or [""])[-1]


def ending_of(code, said, metrics):
    """How a run ended: what its record has beside name and settings."""
    first, last, step, seconds = last_evaluations(metrics)
    losses = [evaluation["mlm_loss"] for evaluation in (first, last) if evaluation and "mlm_loss" in evaluation]
    if code == 0:
        rose = len(losses) == 2 and last is not first and (None in losses or losses[1] > losses[0])
        state = "diverged" if rose else "done"
    else:
        state = "diverged" if DIVERGED.search(said) else "failed"
    ending = {"state": state, "exit_code": code, "steps": step["total_step"] if step else 0,
              "tokens": step["total_tokens"] if step else 0, "seconds": seconds}
    if last:
        ending.update({name: last.get(name) for name in ("mlm_loss", "mlm_accuracy", "nsp_loss", "unigram_loss")})
    if code != 0:
        ending["said"] = sentence_of(said)
    return ending


def write_atomically(path, text):
    with open(path + ".new", "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(path + ".new", path)


# --- cores ----------------------------------------------------------------------------------------
def cores_of(processors):
    """Processors by physical core: [[0, 2], [1, 3]]."""
    cores = {}
    for processor in sorted(processors):
        try:
            with open(f"/sys/devices/system/cpu/cpu{processor}/topology/thread_siblings_list", encoding="utf-8") as file:
                core = file.read().strip()
        except OSError:
            core = str(processor)
        cores.setdefault(core, []).append(processor)
    return list(cores.values())


def shares_of(cores, jobs):
    """The processors of each of so many jobs: whole cores, neighbours, as equally as they go."""
    if jobs > len(cores):
        raise Failure(f"--jobs {jobs}: there are {len(cores)} cores here, and a job wants one of its own")
    bounds = [job * len(cores) // jobs for job in range(jobs + 1)]
    return [sorted(itertools.chain(*cores[first:behind])) for first, behind in zip(bounds, bounds[1:])]


# --- a sweep --------------------------------------------------------------------------------------
class Sweep:
    """Rows in a folder, made by a program with a configuration and the words that all have."""

    def __init__(self, program, folder, config, words=(), launcher=(), max_hours=None):
        self.program, self.folder = program, folder
        self.config, self.words, self.launcher = config, list(words), list(launcher)
        self.end = None if max_hours is None else time.monotonic() + 3600 * max_hours
        self.stopped, self.running, self.guard = False, set(), threading.Lock()

    def path(self, row, ending=""):
        return os.path.join(self.folder, row.name + ending)

    def config_words(self, row):
        config = [self.config] if self.config else []
        return [*config, *self.words, *row.words, f"run.folder={self.path(row)}"]

    def settings(self, row):
        try:
            return settings_of(self.program, self.config_words(row))
        except Failure as failure:
            raise Failure(f"{row.name}: {failure}") from None

    def record(self, row, settings=None):
        """What a run came to, or None; with the settings that are wanted now, a Failure where it had others."""
        try:
            with open(self.path(row, ".json"), encoding="utf-8") as file:
                record = json.load(file)
        except FileNotFoundError:
            return None
        made = record["settings"]
        others = [key for key in settings or () if key in made and made[key] != settings[key]]
        if others:
            raise Failure(f"{self.path(row)} was made with another {', another '.join(others)}: name another folder, or "
                          f"remove {self.path(row, '.json')} and the run's folder to make it anew")
        return record

    def over(self):
        return self.stopped or self.end is not None and time.monotonic() >= self.end

    def stop(self):
        """Tells the runs to end: they save, and go on the next time. Comes from a signal, too."""
        self.stopped = True
        for process in list(self.running):
            process.send_signal(signal.SIGUSR1)  # mpirun passes it on and gives its ranks time

    def make(self, row, settings, processors=None):
        """The record of a run, made or gone on with now; None where it was stopped, LOCKED where another process is at
        work on it."""
        limit = []
        if self.end is not None:
            limit = ["--max-hours", f"{max(self.end - time.monotonic(), 0) / 3600:.6f}"]
        command = [*self.launcher, self.program, "train", *self.config_words(row), "--resume",
                   "--stopped-code", str(STOPPED), *limit]
        pin = (lambda: os.sched_setaffinity(0, processors)) if processors else None
        with open(self.path(row, ".log"), "ab") as log:
            began = log.tell()
            log.write(f"# {shlex.join(command)}\n".encode())
            log.flush()
            with self.guard:
                if self.over():
                    return None
                # In a session of its own, as Ctrl-C would end mpirun without a checkpoint.
                process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                           start_new_session=True, preexec_fn=pin)
                self.running.add(process)
            if self.stopped:  # the signal came between the two
                process.send_signal(signal.SIGUSR1)
            code = process.wait()
            self.running.discard(process)
        if code in (STOPPED, LOCKED):
            return None if code == STOPPED else LOCKED
        with open(self.path(row, ".log"), "rb") as log:
            log.seek(began)
            said = log.read().decode("utf-8", "replace")
        record = {"name": row.name, "keys": row.keys,
                  **ending_of(code, said, os.path.join(self.path(row), "metrics.jsonl")), "settings": settings}
        if record["state"] == "failed" and self.stopped:
            return None  # it was ended before it could listen
        write_atomically(self.path(row, ".json"), json.dumps(record, indent=1) + "\n")
        return record

    def make_all(self, rows, settings, jobs=1, tell=lambda row, record, left, seconds: None):
        """Makes rows, so many at once, each on cores of its own. tell() is called behind each, one at a time, with how
        many are left and the seconds it took; the records of those that ended are returned by name."""
        left, records = list(rows), {}

        def make(row, processors):
            began = time.monotonic()
            record = self.make(row, settings[row.name], processors)
            return row, record, time.monotonic() - began

        def done(made):
            row, record, seconds = made
            if isinstance(record, dict):
                records[row.name] = record
            tell(row, record, len(left), seconds)

        work_on(jobs, lambda: left.pop(0) if left else None, make, done, self.over)
        return records


def work_on(jobs, take, make, done, over):
    """So many workers, each on cores of its own: take() says what is to be made next, or None where there is nothing now;
    then it is asked again once another worker has done something, and when nobody is at work that was all.
    done(make(what, processors)) is called behind each; of all calls but make() there is one at a time. Ends early when
    over(), and with the exception of a worker that had one."""
    shares = shares_of(cores_of(os.sched_getaffinity(0)), jobs) if jobs > 1 else [None]
    turn, at_work, faults = threading.Condition(), set(), []

    def next_one(share):
        """Called in turn."""
        while not (over() or faults):
            what = take()
            if what is not None:
                at_work.add(share)
                return what
            if not at_work:
                break
            while not (turn.wait(1) or over() or faults):
                pass
        return None

    def work(share, processors):
        try:
            while True:
                with turn:
                    what = next_one(share)
                if what is None:
                    return
                made = make(what, processors)
                with turn:
                    done(made)
                    at_work.discard(share)
                    turn.notify_all()
        except Exception as fault:  # of a thread, told below by the one that waits
            faults.append(fault)

    threads = [threading.Thread(target=work, args=job) for job in enumerate(shares)]
    for thread in threads:
        thread.start()
    for thread in threads:
        while thread.is_alive():
            thread.join(0.2)  # so that signals are heard
    if faults:
        raise faults[0]
