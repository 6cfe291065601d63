"""That scripts/sentence-score.py puts text together as treebanks have it, and counts ends as they are.

usage: sentences.py BUILD
"""
import json
import pathlib
import subprocess
import sys
import tempfile

# (paragraph mark, text, whether a blank follows): "4 km. Dann" is no end in the made-up gold, "War das alles" is missed.
SENTENCES = [
    ("# newdoc id = a", "Am 3. Oktober war es so.", True),
    ("", "Es sind 4 km. Dann nicht.", True),
    ("", "War das alles", True),
    ("", "Ja.", False),
    ("# newpar", "这是家。", False),
    ("", "好。", True),
    ("# newpar", "Ein Absatz.", True),
]


def write_treebank(path):
    with open(path, "w", encoding="utf-8") as out:
        for mark, text, blank in SENTENCES:
            if mark:
                print(mark, file=out)
            print(f"# text = {text}", file=out)
            print("1-2\t" + "\t".join([text] + ["_"] * 7 + ["_" if blank else "SpaceAfter=No"]), file=out)
            print("1\t" + "\t".join(["a"] + ["_"] * 8), file=out)
            print("2\t" + "\t".join(["b"] + ["_"] * 8) + "\n", file=out)


def main():
    lambert = pathlib.Path(sys.argv[1]) / "lambert"
    with tempfile.TemporaryDirectory() as folder:
        write_treebank(pathlib.Path(folder) / "de_made-ud-test.conllu")
        done = subprocess.run([sys.executable, "scripts/sentence-score.py", lambert, folder, "--json"],
                              stdout=subprocess.PIPE, check=True)
    seen = json.loads(done.stdout)
    # Ends: 3 in the first paragraph, of which the one behind "alles" is not found, 1 in the second; 1 is wrong.
    wanted = {"treebank": "de_made", "ends": 4, "lambert": {"precision": 3 / 4, "recall": 3 / 4, "f1": 3 / 4}}
    if seen != wanted:
        sys.exit(f"sentences: {seen}, not {wanted}")
    print("sentences: ends of a made-up treebank are counted as they are")


if __name__ == "__main__":
    main()
