#!/bin/sh
# lambert prep --segmented: Chinese whose words blanks part is tokenised by characters, and whole-word masking
# hides all characters of a word together, alone and mixed with a corpus that does not say where words begin;
# the same bytes and models on any number of ranks; nothing changes for a corpus that is not segmented.
. "$(dirname "$0")/../lib.sh"
. "$ROOT/tests/small_corpora.sh"

# 400 words of 1 to 4 characters, each character in one word alone, so that a character tells its word; stops
# stand at the ends of words, as LTP leaves them, or after a blank.
python3 - >text.txt <<'PYTHON'
import random
random.seed(3)
code, words = 0x4e00, []
for number in range(400):
    words.append("".join(chr(code + i) for i in range(1 + number % 4)))
    code += 1 + number % 4
for document in range(700):
    for sentence in range(random.randint(3, 9)):
        print(" ".join(random.choice(words) for word in range(random.randint(4, 12))) + random.choice(["。", " 。", ",甲"]))
    print()
PYTHON
"$LAMBERT" vocab --output vocab.txt --size 1100 --alphabet 1100 text.txt 2>log.txt || fail "vocab: $(cat log.txt)"

prep plain text.txt
OMP_NUM_THREADS=1 prep words --segmented text.txt
grep -q '^  words  *by the blanks of the text' out.txt || fail "the report does not say so: $(cat out.txt)"
for n in 2 3; do
    mpirun -n $n "$LAMBERT" prep --vocabulary vocab.txt --output ranks --heldout 0.1 --shard-megabytes 1 --segmented \
        text.txt >out.txt 2>err.txt || fail "prep on $n ranks: $(cat err.txt)"
    same words ranks
    rm -r ranks
done
"$LAMBERT" show corpus words --verify >out.txt 2>err.txt || fail "the corpus does not hold: $(cat err.txt)"
grep -q '"segmented"' plain/corpus.json && fail "a corpus that is not segmented says it is"

# Dropped copies and an interrupted preparation leave what there would be without them.
cat text.txt text.txt >twice.txt
prep once --segmented --drop-duplicates text.txt
prep dropped --segmented --drop-duplicates twice.txt
for split in train heldout; do
    cmp once/$split-00000.shard dropped/$split-00000.shard || fail "without its copies, another $split split"
done

# masks CORPUS MASKING: how many words of several characters were hidden as a whole, and how many in part
masks() {
    "$LAMBERT" show batch "$ROOT/configs/tiny.ini" data.corpus="$1" data.masking="$2" run.folder=none --count 300 \
        --json >batch.jsonl 2>err.txt || fail "show batch: $(cat err.txt)"
    python3 - <<'PYTHON'
import json
tokens = open("vocab.txt", encoding="utf-8").read().split("\n")
word_of, code = {}, 0x4e00
for number in range(400):
    for place in range(1 + number % 4):
        word_of[chr(code + place)] = (number, place)
    code += 1 + number % 4
whole = part = 0
for line in open("batch.jsonl"):
    sample = json.loads(line)
    ids, masked = sample["input_ids"], set(sample["masked_positions"])
    for position, label in zip(sample["masked_positions"], sample["masked_labels"]):
        ids[position] = label
    if "begins_word" in sample:  # what it says is what the words are
        for position, id in enumerate(ids[1:], 1):
            before = word_of.get(tokens[ids[position - 1]])
            goes_on = tokens[id] in word_of and before and word_of[tokens[id]] == (before[0], before[1] + 1)
            assert sample["begins_word"][position] == (0 if goes_on else 1), (position, sample)
    words = []
    for position, id in enumerate(ids):
        number, place = word_of.get(tokens[id], (-1, 0))
        if place > 0 and words and words[-1][0] == number and len(words[-1][1]) == place and \
                words[-1][1][-1] == position - 1:
            words[-1][1].append(position)
        elif place == 0:
            words.append((number, [position]))
    for number, positions in words:
        if len(positions) > 1 and len(positions) == 1 + number % 4:
            hidden = sum(position in masked for position in positions)
            whole += hidden == len(positions)
            part += 0 < hidden < len(positions)
print(whole, part)
PYTHON
}

for masking in whole_words spans; do
    masks words $masking >seen.txt
    read -r whole part <seen.txt
    [ "$whole" -gt 300 ] && [ "$part" = 0 ] || fail "$masking of words: $whole hidden whole, $part in part"
done
grep -q '"begins_word"' batch.jsonl || fail "show batch does not say where words begin"
"$LAMBERT" show batch "$ROOT/configs/tiny.ini" data.corpus=words data.masking=whole_words run.folder=none >seen.txt ||
    fail "show batch"
grep -q ')+\[MASK\](' seen.txt || fail "no word is shown: $(cat seen.txt)"
masks plain whole_words >seen.txt
read -r whole part <seen.txt
[ "$part" -gt 300 ] || fail "characters are not masked one by one: $whole hidden whole, $part in part"
masks words tokens >words.txt
sed 's/"begins_word":[^]]*],//' batch.jsonl >words.jsonl
masks plain tokens >plain.txt
cmp words.jsonl batch.jsonl || fail "single tokens are masked otherwise where words are known"

# A corpus that knows its words beside one that does not: the same model on any number of ranks.
for ranks in 1 2 3; do
    : >log.txt
    train $ranks run-$ranks data.corpus=words,plain data.masking=whole_words phase.one.steps=4 \
        phase.one.global_batch=10 phase.two.steps=2 train.reproducible=yes run.threads=1 ||
        fail "$ranks ranks: $(cat log.txt)"
    cmp run-1/checkpoints/step-00000006.checkpoint run-$ranks/checkpoints/step-00000006.checkpoint ||
        fail "$ranks ranks made another model"
done
"$LAMBERT" show batch "$ROOT/configs/tiny.ini" data.corpus=words,plain data.masking=whole_words run.folder=none \
    --json --count 40 >batch.jsonl 2>err.txt || fail "show batch: $(cat err.txt)"
grep -q '"corpus":"words"' batch.jsonl && grep -q '"corpus":"plain"' batch.jsonl || fail "one corpus is not there"

# Samples that others made have no words to part.
python3 "$ROOT/tests/end_to_end/write_tfrecords.py" 0.tfrecord vocab.txt --count 4 || fail "write_tfrecords.py"
expect 1 '--segmented is for text' "$LAMBERT" prep --vocabulary vocab.txt --output no --segmented 0.tfrecord
