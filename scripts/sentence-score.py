#!/usr/bin/env python3
"""How well text is split into sentences, against the sentences of Universal Dependencies' treebanks.

usage: sentence-score.py LAMBERT FOLDER [--beside] [--most N] [--errors N] [--json]

FOLDER holds .conllu files (of github.com/UniversalDependencies/UD_*). The text of each is put together again
from its "# text" lines: sentences of a paragraph ("# newpar", "# newdoc") stand in one line, with a blank between
them unless the last token says SpaceAfter=No. What is scored are the ends of sentences inside paragraphs, as
precision, recall and F1 in percent; where a paragraph ends, every program is told.

--beside scores spaCy's sentencizer and pysbd as well, where they are installed (pip install spacy pysbd), each
told the language of the file (the letters before the first _ of its name), if it has it. --most takes the first N
sentences of a file. --errors prints some wrong and missed ends, for whoever mends the rules.
"""
import argparse
import json
import pathlib
import subprocess
import sys

LONGEST_PARAGRAPH = 100000  # characters: a treebank without paragraphs is cut between sentences


def read_paragraphs(path, most):
    """[(text, ends)], ends being the numbers of characters that are no blanks before each end."""
    paragraphs, sentences, glued = [], 0, True
    text, ends, visible = [], [], 0

    def close():
        nonlocal text, ends, visible
        if text:
            paragraphs.append(("".join(text), ends[:-1]))
        text, ends, visible = [], [], 0

    lines = path.read_text(encoding="utf-8").split("\n")
    marks = sum(line.startswith("# newdoc") for line in lines)
    shuffled = marks == sum(line.startswith("# text =") for line in lines)  # a document a sentence says nothing
    sentence, last, covered = None, "", 0
    for line in lines:
        if line.startswith(("# newpar", "# newdoc")) and not shuffled:
            close()
        if line.startswith("# text ="):
            sentence = line.split("=", 1)[1].strip()
        elif line and line[0].isdigit():
            columns = line.split("\t")
            if "." not in columns[0] and not (covered and columns[0].isdigit() and int(columns[0]) <= covered):
                last = columns[9]
                covered = int(columns[0].split("-")[1]) if "-" in columns[0] else 0
        elif not line and sentence is not None:
            text.append(("" if glued or not text else " ") + sentence)
            visible += sum(not c.isspace() for c in sentence)
            ends.append(visible)
            glued = "SpaceAfter=No" in last
            sentences += 1
            sentence = None
            if visible > LONGEST_PARAGRAPH:
                close()
            if sentences == most:
                break
        if not line or line.startswith("#"):
            covered = 0
    close()
    return paragraphs


def ends_of(sentences):
    ends, visible = [], 0
    for sentence in sentences:
        visible += sum(not c.isspace() for c in sentence)
        ends.append(visible)
    return ends[:-1]


def by_lambert(program, texts):
    """The ends of each text, as `lambert show sentences` finds them."""
    lines = "".join(text.replace("\n", " ") + "\n" for text in texts)
    done = subprocess.run([program, "show", "sentences", "--json"], input=lines.encode(),
                          stdout=subprocess.PIPE, check=True)
    return [ends_of(json.loads(line)) for line in done.stdout.decode().splitlines()]


def by_spacy(language, texts):
    try:
        import spacy
    except ImportError:
        return None
    try:
        nlp = spacy.blank(language)
    except Exception:  # an unknown language, or one whose tokenizer wants another package
        nlp = spacy.blank("xx")
    nlp.add_pipe("sentencizer")
    nlp.max_length = 10 ** 9
    return [ends_of([s.text_with_ws for s in nlp(text).sents]) for text in texts]


def by_pysbd(language, texts):
    try:
        import pysbd
    except ImportError:
        return None
    try:
        segmenter = pysbd.Segmenter(language=language, clean=False)
    except ValueError:
        return None
    return [ends_of(segmenter.segment(text)) for text in texts]


def score(paragraphs, found):
    right = wrong = missed = 0
    for (_, ends), seen in zip(paragraphs, found):
        right += len(set(ends) & set(seen))
        wrong += len(set(seen) - set(ends))
        missed += len(set(ends) - set(seen))
    return {"precision": right / (right + wrong) if right + wrong else 0,
            "recall": right / (right + missed) if right + missed else 0,
            "f1": 2 * right / (2 * right + wrong + missed) if right + wrong + missed else 0}


def print_errors(paragraphs, found, most):
    for what in ("wrong", "missed"):
        shown = 0
        for (text, ends), seen in zip(paragraphs, found):
            bad = set(seen) - set(ends) if what == "wrong" else set(ends) - set(seen)
            places, visible = {}, 0
            for place, c in enumerate(text):
                visible += not c.isspace()
                places.setdefault(visible, place + 1)
            for end in sorted(bad):
                place = places[end]
                if shown < most:
                    print(f"    {what}: {text[max(0, place - 40):place]} | {text[place:place + 30].strip()}")
                shown += 1


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("lambert")
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--beside", action="store_true")
    parser.add_argument("--most", type=int, default=0)
    parser.add_argument("--errors", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    paths = sorted(arguments.folder.glob("*.conllu"))
    if not paths:
        sys.exit(f"sentence-score: no .conllu files in {arguments.folder}")
    if not arguments.json:
        print(f"{'treebank':22} {'ends':>6}  {'lambert':>20}" +
              (f"  {'spacy':>20}  {'pysbd':>20}" if arguments.beside else ""))
    for path in paths:
        paragraphs = read_paragraphs(path, arguments.most)
        texts = [text for text, _ in paragraphs]
        language = path.name.split("_")[0]
        programs = {"lambert": by_lambert(arguments.lambert, texts)}
        if arguments.beside:
            programs["spacy"] = by_spacy(language, texts)
            programs["pysbd"] = by_pysbd(language, texts)
        scores = {name: score(paragraphs, found) for name, found in programs.items() if found is not None}
        ends = sum(len(e) for _, e in paragraphs)
        name = path.name.split("-ud-")[0]
        if arguments.json:
            print(json.dumps({"treebank": name, "ends": ends, **scores}))
            continue
        cells = [f"{100 * s['f1']:5.1f} ({100 * s['precision']:5.1f} {100 * s['recall']:5.1f})" if s else "-"
                 for s in (scores.get(program) for program in programs)]
        print(f"{name:22} {ends:6}" + "".join(f"  {cell:>20}" for cell in cells), flush=True)
        if arguments.errors:
            print_errors(paragraphs, programs["lambert"], arguments.errors)


if __name__ == "__main__":
    main()
