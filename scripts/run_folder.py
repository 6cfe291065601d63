"""A run as its folder tells it: metrics, configuration, and whether it goes on. Wants nothing but Python."""
import configparser
import fcntl
import json
import math
import os
import struct

from run_metrics import PLACE, TASK_OF, fail, number, read_records

OBJECTIVES = {"mlm": "MLM", "nsp": "NSP"}  # others are a task's, and there is one of them
DIVERGED_BY, DIVERGED_TIMES = 0.5, 1.2     # above the lowest loss of the phase, in nats and as a factor: both


def take(record):
    """The record, if it says where in the run it stands; all else may be missing, as in files of older programs."""
    if not isinstance(record.get("phase"), str):
        raise ValueError("it names no phase")
    for name in PLACE:
        number(record, name)
    return record


def real(record, name):
    """A number of a record, NaN where it has none, and for null, as what is not finite is written."""
    value = record.get(name, math.nan) if isinstance(record, dict) else math.nan
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else math.nan


def text(record, name):
    value = record.get(name, "")
    return value if isinstance(value, str) else ""


def objects(record, name):
    """The objects in an array of a record."""
    value = record.get(name, [])
    return [part for part in value if isinstance(part, dict)] if isinstance(value, list) else []


def once(records):
    """Each step once. The program drops lines behind the checkpoint that it goes on from; where it could not, the
    step that was made later is the one that counts."""
    kept, last = [], 0
    for record in records:
        if record["kind"] == "step":
            if record["total_step"] <= last:
                kept = [r for r in kept if r["kind"] == "run" or r["total_step"] < record["total_step"]]
            last = record["total_step"]
        kept.append(record)
    return kept


def read_config(path):
    """"section.key" -> value, in the file's order; nothing where there is no file."""
    parser = configparser.RawConfigParser(delimiters="=", comment_prefixes=("#", ";"), strict=False,
                                          default_section="", empty_lines_in_values=False)
    try:
        with open(path, encoding="utf-8") as file:
            parser.read_file(file)
    except FileNotFoundError:
        return {}
    except OSError as error:
        fail(f"cannot read {path}: {error.strerror}")
    except (configparser.Error, UnicodeDecodeError):
        fail(f"{path} is no configuration: lines of [section] and key = value are wanted")
    sections = [(name, parser[name]) for name in parser.sections()]
    return {f"{name.replace(' ', '.')}.{key}": value for name, section in sections for key, value in section.items()}


def read_plan(path):
    """What `lambert plan --json` said of the run before it began; nothing where it lies not there."""
    try:
        with open(path, encoding="utf-8") as file:
            plan = json.load(file)
    except FileNotFoundError:
        return {}
    except OSError as error:
        fail(f"cannot read {path}: {error.strerror}")
    except (ValueError, RecursionError):
        plan = None
    if not isinstance(plan, dict) or plan.get("kind") != "plan" or not isinstance(plan.get("rows"), list):
        fail(f"{path} is not what lambert plan --json printed")
    return plan


def is_locked(path):
    """Whether a process holds the lock of a run's folder: then it goes on. (A lock that is asked about is not taken,
    so that this stands in nobody's way; on some network file systems it is seen on its own host only.)"""
    try:
        with open(path, "rb") as file:
            asked = struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
            return struct.unpack("hhqqi4x", fcntl.fcntl(file, fcntl.F_GETLK, asked))[0] != fcntl.F_UNLCK
    except OSError:
        return False


class Run:
    """The records of a run by kind, and what follows from them."""

    def __init__(self, path, name):
        self.path, self.name = path, name
        folder = os.path.dirname(os.path.abspath(path))
        self.config = read_config(os.path.join(folder, "config.ini"))
        self.plan = read_plan(os.path.join(folder, "plan.json"))
        self.records = once(read_records(path, take))
        self.steps = self.of_kind("step")
        self.evaluations = self.of_kind("evaluation")
        self.processes = self.of_kind("run")
        self.last = self.steps[-1]
        self.goes_on = is_locked(os.path.join(folder, "lock")) and not self.is_complete()
        self.objectives = [key[:-len("_loss")] for key in self.last if key.endswith("_loss")]
        self.task = next((TASK_OF[o] for o in self.objectives if o in TASK_OF), None)  # None: pre-training

    def of_kind(self, kind):
        return [record for record in self.records if record["kind"] == kind]

    def column(self, kind, name):
        return [real(record, name) for record in self.of_kind(kind)]

    def phases(self):
        """name -> its steps, in order."""
        found = {}
        for step in self.steps:
            found.setdefault(step["phase"], []).append(step)
        return found

    def planned(self, phase=None):
        """How many steps the phase, or the run, is to have; NaN where the configuration does not say."""
        if phase is None:
            names = [key.split(".")[1] for key in self.config if key.startswith("phase.") and key.endswith(".steps")]
            return sum(map(self.planned, names)) if names else math.nan
        value = self.config.get(f"phase.{phase}.steps", "")
        return int(value) if value.isdigit() and int(value) > 0 else math.nan

    def is_complete(self):
        if math.isfinite(self.planned()):
            return self.last["total_step"] >= self.planned()
        # The length of a phase is a time, or there is none: what the last phase says counts.
        names = [key.split(".")[1] for key in self.config if key.startswith("phase.") and key.endswith(".steps")]
        if not names or self.last["phase"] != names[-1]:
            return False
        hours = float(self.config.get(f"phase.{names[-1]}.hours", "0"))
        if hours > 0:
            return real(self.last, "phase_seconds") >= 3600 * hours
        return self.last["phase_step"] >= self.planned(names[-1])

    def half(self):
        """Training curves are means over this many steps to either side."""
        return max(1, len(self.steps) // 100)

    def end_mean(self, name):
        """Of the steps at the end, as many as curves are smoothed over."""
        values = [real(step, name) for step in self.steps[-2 * self.half() - 1:]]
        values = [value for value in values if math.isfinite(value)]
        return sum(values) / len(values) if values else math.nan

    def divergence(self):
        """A sentence where the loss has gone up for good, or is no number; empty where it has not."""
        if not math.isfinite(real(self.last, "loss")):
            return "the loss of the last step is not finite"
        losses = [real(step, "loss") for step in list(self.phases().values())[-1]]
        size = max(10, len(losses) // 20)
        means = [sum(losses[i:i + size]) / size for i in range(len(losses) % size, len(losses), size)]
        known = [mean for mean in means if math.isfinite(mean)]
        if len(known) > 1 and known[-1] > max(min(known) + DIVERGED_BY, DIVERGED_TIMES * min(known)):
            return f"the loss has risen from {min(known):.3g} to {known[-1]:.3g} in this phase"
        return ""

    def state(self):
        """(word, sentence): complete, going on, stopped."""
        done, planned = self.last["total_step"], self.planned()
        of = f" of {planned:,}" if math.isfinite(planned) else ""
        if self.is_complete():
            return "complete", f"all {done:,} steps are made"
        if self.goes_on:
            return "going on", f"step {done:,}{of}"
        return "stopped", f"after step {done:,}{of}"

    def seconds(self):
        return sum(value for value in self.column("step", "seconds") if math.isfinite(value))

    def per_second(self, name, steps=None):
        """Of sequences or tokens, over steps."""
        known = [(real(s, name), real(s, "seconds")) for s in (self.steps if steps is None else steps)]
        known = [(count, seconds) for count, seconds in known if math.isfinite(count) and seconds > 0]
        return sum(c for c, _ in known) / sum(s for _, s in known) if known else math.nan

    def of_peak(self, steps=None):
        known = [(real(s, "peak_fraction"), real(s, "seconds")) for s in (self.steps if steps is None else steps)]
        known = [(part, seconds) for part, seconds in known if math.isfinite(part) and seconds > 0]
        return sum(p * s for p, s in known) / sum(s for _, s in known) if known else math.nan

    def planned_row(self):
        """What its plan says of as many nodes and ranks as the run was on at last; None: nothing."""
        last = self.processes[-1] if self.processes else {}
        layout = real(last, "nodes"), real(last, "ranks")
        return next((row for row in objects(self.plan, "rows") if (real(row, "nodes"), real(row, "ranks")) == layout),
                    None)

    def time_parts(self):
        """Node-hours by what they were spent on, in all processes of the run: as the program counted them, or, of
        older runs, as far as steps and checkpoints tell."""
        times = self.of_kind("time")
        total = times[-1].get("total", {}) if times else {}
        counted = total.get("node_hours") if isinstance(total, dict) else None
        if isinstance(counted, dict):
            return {name: real(counted, name) for name in counted if math.isfinite(real(counted, name))}
        parts, nodes = {"computing": 0.0, "waiting": 0.0, "data": 0.0, "checkpoints": 0.0}, 1
        for record in self.records:
            if record["kind"] == "run" and real(record, "nodes") > 0:
                nodes = real(record, "nodes")
            hours = nodes / 3600
            if record["kind"] == "step" and math.isfinite(real(record, "work_seconds")):
                data = min(real(record, "data_seconds"), real(record, "work_seconds"))
                parts["data"] += hours * data
                parts["computing"] += hours * (real(record, "work_seconds") - data)
                parts["waiting"] += hours * max(0, real(record, "seconds") - real(record, "work_seconds"))
            if record["kind"] == "checkpoint" and math.isfinite(real(record, "pause_seconds")):
                parts["checkpoints"] += hours * real(record, "pause_seconds")
        return {name: hours for name, hours in parts.items() if math.isfinite(hours)} if sum(parts.values()) > 0 else {}
