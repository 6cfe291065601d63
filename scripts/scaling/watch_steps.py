"""Says what the steps of a run took, and what the processors of this machine did meanwhile.

    watch_steps.py COUNT SWITCH-PID RUN-FOLDER...    0 for no switch; folders: runs that go on side by side

Looks at metrics.jsonl of each folder until it has COUNT steps, and prints a JSON object: medians over all
steps but the first, and processor seconds a step, of all processes together, between the first and the
last step of the first folder. A rank that waits asks again and again, so it counts as working."""
import json
import os
import statistics
import sys
import time

PART = {"user": 0, "system": 2, "idle": 3, "interrupts": 6}  # columns of /proc/stat
FIELDS = ["seconds", "communication_seconds", "communication_wait_seconds", "tokens",
          "communication_bytes", "imbalance"]
TICK = os.sysconf("SC_CLK_TCK")


def processors(switch):
    with open("/proc/stat", encoding="ascii") as file:
        ticks = [int(word) for word in file.readline().split()[1:]]
    found = {name: ticks[column] / TICK for name, column in PART.items()}
    if switch:
        with open(f"/proc/{switch}/stat", encoding="ascii") as file:
            words = file.read().rsplit(")", 1)[1].split()
        found["switch"] = (int(words[11]) + int(words[12])) / TICK
    return found


def steps_of(folder):
    try:
        with open(os.path.join(folder, "metrics.jsonl"), encoding="utf-8") as file:
            lines = [json.loads(line) for line in file if line.endswith("\n")]
    except FileNotFoundError:
        return []
    return [line for line in lines if line["kind"] == "step"]


def watch(count, switch, folders):
    """The processors after the first step and after the last one of the first folder."""
    seen = {}
    while any(len(steps_of(folder)) < count for folder in folders):
        done = len(steps_of(folders[0]))
        if done in (1, count):
            seen.setdefault(done, processors(switch))
        time.sleep(0.02)
    if 1 not in seen:
        sys.exit("watch_steps: too short a first step to see its end")
    return seen[1], seen.get(count, processors(switch))


def main():
    count, switch, folders = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
    first, last = watch(count, switch, folders)
    steps = [step for folder in folders for step in steps_of(folder)[1:count]]
    found = {name: statistics.median(step[name] for step in steps) for name in FIELDS}
    found["tokens_per_second"] = len(folders) * sum(step["tokens"] for step in steps) / sum(
        step["seconds"] for step in steps)
    found["processors"] = {name: (last[name] - first[name]) / (count - 1) for name in last}
    print(json.dumps({"steps": len(steps), **found}))


main()
