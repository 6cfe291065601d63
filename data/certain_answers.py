#!/usr/bin/env python3
"""The questions of SQuAD v1.1 whose answer stands once in their paragraph, so that its place is certain.

    data/certain_answers.py TRAIN.json CERTAIN.json      either may end with .gz

In the training set an answer that stands several times, as "the" or a year may, has been marked by one
person at one of these places, often the first, whichever was meant. Places inside longer words, as "no" in
"not", do not count, unless there are no others. What is left is as it was, in its order; paragraphs and
articles without a question left are left out."""
import argparse
import gzip
import json
import os
import sys


def inside_a_word(text, at):
    """Whether a word goes on from the character before this place to the one at it."""
    return 0 < at < len(text) and text[at - 1].isalnum() and text[at].isalnum()


def places(text, part):
    """Where part stands in text, as whole words if it does so anywhere; places may overlap."""
    found, at = [], text.find(part)
    while at >= 0:
        found.append(at)
        at = text.find(part, at + 1)
    whole = [at for at in found
             if not inside_a_word(text, at) and not inside_a_word(text, at + len(part))]
    return whole or found


def is_certain(question, context):
    answers = {(answer["text"], answer["answer_start"]) for answer in question["answers"]}
    return len(answers) == 1 and all(places(context, text) == [start] for text, start in answers)


def questions_of(data):
    return [question for article in data for paragraph in article["paragraphs"]
            for question in paragraph["qas"]]


def certain_part(squad):
    """The same file with fewer questions."""
    articles = []
    for article in squad["data"]:
        paragraphs = []
        for paragraph in article["paragraphs"]:
            kept = [question for question in paragraph["qas"]
                    if is_certain(question, paragraph["context"])]
            if kept:
                paragraphs.append({**paragraph, "qas": kept})
        if paragraphs:
            articles.append({**article, "paragraphs": paragraphs})
    return {**squad, "data": articles}


def opened(path, mode):
    return (gzip.open if path.endswith(".gz") else open)(path, mode + "t", encoding="utf-8")


def make_certain(path, certain):
    """Writes the file `certain`; returns how many questions it has, and how many there were."""
    with opened(path, "r") as file:
        squad = json.load(file)
    part = certain_part(squad)
    new = certain + ".new" + (".gz" if certain.endswith(".gz") else "")
    with opened(new, "w") as file:
        json.dump(part, file, ensure_ascii=False, separators=(",", ":"))
    os.replace(new, certain)
    return len(questions_of(part["data"])), len(questions_of(squad["data"]))


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("train", metavar="TRAIN.json")
    parser.add_argument("certain", metavar="CERTAIN.json")
    arguments = parser.parse_args()
    kept, all_of_them = make_certain(arguments.train, arguments.certain)
    print(f"{kept} of {all_of_them} questions: {arguments.certain}")


if __name__ == "__main__":
    try:
        main()
    except (OSError, ValueError) as error:
        sys.exit(f"certain_answers.py: {error}")
    except (KeyError, TypeError) as error:
        sys.exit(f"certain_answers.py: this is no file of SQuAD v1.1: {error} is not where it has to be")
