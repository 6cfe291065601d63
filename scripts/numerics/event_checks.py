"""What the checks of files that other programs read of a run share. They run where those programs are installed, and
program.py's numpy need not be there."""
import os
import subprocess
import sys


def fail(message):
    sys.exit(f"{os.path.splitext(os.path.basename(sys.argv[0]))[0]}: {message}")


def call(*words):
    done = subprocess.run(words, capture_output=True, text=True)
    if done.returncode != 0:
        fail(f"{' '.join(words)}: {done.stderr}")


def make_corpus(program):
    with open("text.txt", "w", encoding="utf-8") as file:
        for d in range(60):
            for s in range(8):
                file.write(f"The {'old quiet golden'.split()[(d + s) % 3]} king saw the "
                           f"{'river stone city bird'.split()[(d * s) % 4]} near the garden.\n")
            file.write("\n")
    call(program, "vocab", "--output", "vocab.txt", "--size", "100", "text.txt")
    call(program, "prep", "--vocabulary", "vocab.txt", "--output", "corpus", "--heldout", "0.3", "text.txt")
