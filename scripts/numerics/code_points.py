#!/usr/bin/env python3
"""Every code point, alone and among letters and accents, cut into pieces by transformers' BertTokenizerFast and by
`lambert show tokens`, for every choice of case, accents and Chinese characters. What differs has to have one of the
reasons below, by which transformers' tables are known to be others; and each reason has to be needed.

    scripts/numerics/code_points.py BUILD [--keep DIR]

Code points are those that Python's Unicode has, of the two planes for private use the ends only. No network is used.
Exit code 1: something does not agree.
"""
import itertools
import json
import os
import subprocess
import sys
import unicodedata

os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1", TRANSFORMERS_VERBOSITY="error",
                  TOKENIZERS_PARALLELISM="false")

import transformers

import program

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
# "*" is the code point: alone, within a word, behind a letter with an accent, before one, and with one.
CONTEXTS = "* x*y \u00c9* a*\u0323\u0301 *\u0301b"
PRIVATE_PLANES, AT_THE_ENDS = 0xF0000, 0x100
FINAL_SIGMA = 0x3A3

# Ideographs of extension E, which tokenizers 0.22 counts from U+2B920 on.
NOT_SEEN_AS_HAN = range(0x2B820, 0x2B920)

# tokenizers 0.22 has the categories of Unicode 8.0: marks, punctuation and format characters that came later are
# letters to it, and those that are made of others are not taken apart; and these were something else then.
CHANGED_SINCE_8 = [0x166D, 0x1734, 0x1885, 0x1886, 0xA9BD, 0x111C9]
WITH_A_CATEGORY = ("Mn", "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "Cf")


def code_points():
    """Line feeds part the texts here, and surrogates are no text."""
    private = range(PRIVATE_PLANES + AT_THE_ENDS, sys.maxunicode - AT_THE_ENDS)
    return [code for code in range(sys.maxunicode + 1)
            if unicodedata.category(chr(code)) not in ("Cn", "Cs") and code != 0x0A and code not in private]


def newer_than_8():
    """Perl's regular expressions know the age of a code point."""
    script = r'for my $c (0 .. 0xD7FF, 0xE000 .. 0x10FFFF) { print "$c\n" if chr($c) =~ /\P{Present_In: 8.0}/ }'
    said = subprocess.run(["perl", "-e", script], capture_output=True, encoding="ascii", check=True).stdout
    return {int(line) for line in said.split()}


def write_vocabulary(path, codes):
    """Pieces for each, as the beginning of a word and behind it, but for white space, which is stripped from pieces."""
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        file.writelines(piece + "\n" for piece in SPECIAL)
        file.writelines(prefix + chr(code) + "\n" for prefix in ("", "##") for code in codes
                        if unicodedata.category(chr(code))[0] not in "ZC" or code >= 0xE000)


def our_pieces(lambert, vocabulary, lower, strip, han, texts):
    words = ["--accents", "strip" if strip else "keep"]
    words += ([] if lower else ["--cased"]) + ([] if han else ["--join-han"])
    said = lambert.run("show", "tokens", "--vocabulary", vocabulary, "--json", *words,
                       text="".join(text + "\n" for text in texts))
    return [json.loads(line)["ids"] for line in said.splitlines()]


def their_pieces(vocabulary, lower, strip, han, texts):
    tokenizer = transformers.BertTokenizerFast(vocab_file=vocabulary, do_lower_case=lower, strip_accents=strip,
                                               tokenize_chinese_chars=han)
    return [encoding.ids for encoding in tokenizer.backend_tokenizer.encode_batch(texts, add_special_tokens=False)]


def compare(lambert, folder, _):
    table = program.Table("code points")
    codes = code_points()
    vocabulary = os.path.join(folder, "code_points.txt")
    write_vocabulary(vocabulary, codes)
    texts = [CONTEXTS.replace("*", chr(code)) for code in codes]
    newer = newer_than_8()
    for lower, strip, han in itertools.product((True, False), repeat=3):
        ours = our_pieces(lambert, vocabulary, lower, strip, han, texts)
        theirs = their_pieces(vocabulary, lower, strip, han, texts)
        if len(ours) != len(codes):
            raise program.Failure(f"{len(codes)} texts became {len(ours)}")
        differ = {code for code, a, b in zip(codes, ours, theirs) if a != b}
        reasons = {"final sigma": {FINAL_SIGMA} if lower else set(),
                   "Han of extension E": {code for code in NOT_SEEN_AS_HAN if han},
                   "newer than Unicode 8": {code for code in codes if code in CHANGED_SINCE_8 or code in newer and (
                       unicodedata.category(chr(code)) in WITH_A_CATEGORY or unicodedata.decomposition(chr(code)))}}
        for code in sorted(differ - set().union(*reasons.values()))[:5]:
            at = codes.index(code)
            print(f"U+{code:04X}: {ours[at]}, transformers {theirs[at]}")
        known = {reason: len(differ & about) for reason, about in reasons.items() if about}
        unknown = len(differ - set().union(*reasons.values()))
        what = ", ".join([("lower" if lower else "cased"), ("accents stripped" if strip else "accents kept"),
                          ("Han apart" if han else "Han joined")])
        table.check(what, f"{len(codes)}: {unknown} differ, {sum(known.values())} with a reason",
                    unknown == 0 and all(known.values()))
    return table.end()


if __name__ == "__main__":
    program.main(__doc__, compare)
