"""The program under test, and small corpora for it: what compare.py and clients.py share."""
import json
import os
import random
import subprocess
import sys

import numpy

import safetensors_io

NOUNS = "king river stone city bird garden letter mountain ship lamp harbour night".split()
VERBS = "saw carried lost found built followed remembered crossed".split()
ADJECTIVES = "old quiet golden broken distant small".split()


class Failure(Exception):
    pass


class Lambert:
    """BUILD/lambert, each command with its arguments as words."""

    def __init__(self, build):
        self.path = os.path.join(os.path.abspath(build), "lambert")
        if not os.access(self.path, os.X_OK):
            raise Failure(f"{self.path} is not there; run make first")

    def run(self, *words, text=None):
        """What the command prints; a Failure with its last words if it fails."""
        environment = {"OMP_NUM_THREADS": "1", "OMPI_ALLOW_RUN_AS_ROOT": "1",
                       "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1", **os.environ}
        done = subprocess.run([self.path, *words], capture_output=True, encoding="utf-8",
                              input=text if text is not None else "", env=environment)
        if done.returncode != 0:
            said = "\n".join(done.stderr.strip().splitlines()[-5:])
            raise Failure(f"lambert {' '.join(words)}\nexit code {done.returncode}: {said}")
        return done.stdout

    def samples(self, config, words, phase, first, count):
        lines = self.run("show", "batch", config, *words, "--json", "--phase", phase,
                         "--first", str(first), "--count", str(count)).splitlines()
        found = [json.loads(line) for line in lines]
        if [sample["index"] for sample in found] != list(range(first, first + count)):
            raise Failure("show batch printed other samples than those asked for")
        return found

    def export(self, checkpoint, folder, dtype="f32"):
        self.run("export", "--checkpoint", checkpoint, "--output", folder, "--dtype", dtype)
        return safetensors_io.read(os.path.join(folder, "model.safetensors"))


def sentence(rng):
    clause = " ".join(f"the {rng.choice(ADJECTIVES)} {rng.choice(NOUNS)} {rng.choice(VERBS)}"
                      for _ in range(rng.choice([1, 1, 2, 5])))
    return f"{clause} {rng.choice(NOUNS)}, {rng.choice(NOUNS)}.".capitalize()


def write_text(path, documents, longest, seed=7):
    """Documents of 1 to `longest` sentences, one a line."""
    rng = random.Random(seed)
    with open(path, "w", encoding="utf-8") as file:
        for _ in range(documents):
            for _ in range(rng.randint(1, longest)):
                file.write(sentence(rng) + "\n")
            file.write("\n")


def make_corpora(lambert, folder, size=131, words=(), more=""):
    """folder/vocab.txt and the corpora folder/long and folder/short: documents of up to 12
    sentences, and of one. words: for vocab and prep; more: text for the vocabulary alone."""
    os.makedirs(folder, exist_ok=True)
    path = {name: os.path.join(folder, name)
            for name in ("long.txt", "short.txt", "more.txt", "vocab.txt", "long", "short")}
    write_text(path["long.txt"], 150, 12)
    write_text(path["short.txt"], 150, 1)
    with open(path["more.txt"], "w", encoding="utf-8") as file:
        file.write(more)
    lambert.run("vocab", "--output", path["vocab.txt"], "--size", str(size), *words,
                path["long.txt"], path["more.txt"])
    for name in ("long", "short"):
        lambert.run("prep", "--vocabulary", path["vocab.txt"], "--output", path[name], *words,
                    "--lines-are-sentences", "--heldout", "0.05", path[name + ".txt"])
    return path


def checkpoint_path(run):
    """The newest of a run folder."""
    folder = os.path.join(run, "checkpoints")
    return os.path.join(folder, sorted(n for n in os.listdir(folder) if n.endswith(".checkpoint"))[-1])


def start_folder(lambert, config, words, folder, name, command="train"):
    """A model folder to start from: exported after a step that changes next to nothing, then every
    tensor moved at random, so that no bias is 0, no LayerNorm weight 1, and attention not flat."""
    run, exported = os.path.join(folder, name + "-run"), os.path.join(folder, name + "-start")
    lambert.run(command, config, *words, f"run.folder={run}", "phase.one.steps=1",
                "phase.one.learning_rate=1e-9", "phase.one.warmup_steps=0")
    tensors = lambert.export(checkpoint_path(run), exported)
    rng = numpy.random.default_rng(len(name))
    for key in sorted(tensors):
        noise = rng.standard_normal(tensors[key].shape).astype("<f4")
        tensors[key] = tensors[key] + numpy.float32(0.2) * noise
    safetensors_io.write(os.path.join(exported, "model.safetensors"), tensors)
    return exported


class Table:
    """Lines of: what, the worst of its numbers, difference, limit, verdict."""

    def __init__(self, worst_of):
        self.failures = self.lines = 0
        print(f"{'what':52} {worst_of:52} {'difference':>10} {'limit':>8}")

    def add(self, what, worst, difference, limit):
        """Not a number fails."""
        fine = difference <= limit
        self.lines += 1
        self.failures += not fine
        print(f"{what:52} {worst:52} {difference:10.1e} {limit:8.0e}  {'ok' if fine else 'FAILED'}",
              flush=True)

    def add_worst(self, what, differences, limit):
        """differences: name -> number; one line for the largest."""
        worst = max(differences, key=lambda name: (not differences[name] <= limit, differences[name]))
        self.add(what, worst, differences[worst], limit)

    def check(self, what, detail, fine):
        self.lines += 1
        self.failures += not fine
        print(f"{what:52} {detail:52} {'':10} {'':8}  {'ok' if fine else 'FAILED'}", flush=True)

    def end(self):
        """The exit code."""
        print(f"{self.lines - self.failures} of {self.lines} agree")
        return 1 if self.failures or not self.lines else 0


def main(documentation, compare):
    """compare(lambert, folder, words) -> exit code, in a temporary or a given folder."""
    import tempfile
    words = sys.argv[1:]
    if words in (["-h"], ["--help"]):
        print(documentation.strip())
        return
    keep = None
    if "--keep" in words[:-1]:
        place = words.index("--keep")
        keep = words[place + 1]
        del words[place:place + 2]
    if len(words) not in (1, 2) or words[0].startswith("-"):
        sys.exit(f"{os.path.basename(sys.argv[0])}: a build folder is wanted; see --help")
    try:
        lambert = Lambert(words[0])
        with tempfile.TemporaryDirectory(prefix="lambert-numerics.") as temporary:
            folder = os.path.abspath(keep or temporary)
            os.makedirs(folder, exist_ok=True)
            sys.exit(compare(lambert, folder, words[1] if len(words) > 1 else ""))
    except Failure as failure:
        sys.exit(str(failure))
