#!/bin/sh
# What examples of a task become, and what logits of questions mean.
. "$(dirname "$0")/../lib.sh"
printf '%s\n' '[PAD]' '[UNK]' '[CLS]' '[SEP]' '[MASK]' the man went to store who good bad . >vocab.txt

# features WORDS...: their lines into out.txt
features() {
    "$LAMBERT" show features --vocabulary vocab.txt "$@" >out.txt 2>err.txt || fail "show features $*: $(cat err.txt)"
}

says() {
    grep -qF -- "$1" out.txt || fail "'$1' is not in what was shown: $(cat out.txt)"
}

cat >questions.json <<'END'
{"version": "1.1", "data": [{"title": "t", "paragraphs": [{"context": "The man went to the store.",
 "qas": [{"id": "one", "question": "Who?", "answers": [{"text": "The man", "answer_start": 0}]}]}]}]}
END
features --task questions questions.json
says '"input_ids":[2,10,1,3,5,6,7,8,5,9,13,3]'
says '"segment_b":4'
says '"labels":[4,5]'
says '"words":[[0,3],[4,7],[8,12],[13,15],[16,19],[20,26],[20,26]]'
says '"most_context":[1,1,1,1,1,1,1]'
says '{"sequences":1,"truncated":0,"left_out":0}'
features --task questions --unlabelled --sequence-length 10 --stride 2 --question-length 2 questions.json
says '"labels":[-1,-1]'
says '"first_piece":2'
says '"most_context":[1,1,1,1,0]'
says '"most_context":[0,0,1,1,1]'

printf 'text\tlabel\nthe man\tgood\nthe man went to the store\tbad\n' >texts.tsv
features --task classification --text text --label label --sequence-length 5 texts.tsv
says '"input_ids":[2,5,6,3]'
says '"labels":[1]'
says '"input_ids":[2,5,6,7,3]'
says '{"sequences":2,"truncated":1,"left_out":0}'

printf 'the O\nman. B-PER\n\nstore O\n' >words.conll
features --task tagging words.conll
says '"rows":[1,2],"row_labels":[1,0]'
says '{"sequences":2,"truncated":0,"left_out":0}'

# Logits of its 12 rows, start and end: the highest are those of "store", row 9.
python3 -c '
import struct, sys
for row in range(12):
    sys.stdout.buffer.write(struct.pack("=ff", *((5, 7) if row == 9 else (0, 0))))' >logits.bin
"$LAMBERT" show answers --vocabulary vocab.txt questions.json logits.bin >out.txt 2>err.txt || fail "$(cat err.txt)"
says '{"id":"one","text":"store","answers":[{"text":"store","probability":'
head -c 88 logits.bin >short.bin
expect 1 'short.bin has 88 bytes, but the windows of questions.json have 12 tokens' \
    "$LAMBERT" show answers --vocabulary vocab.txt questions.json short.bin
expect 1 'sequences of 20 pieces have no room' \
    "$LAMBERT" show features --task questions --vocabulary vocab.txt --sequence-length 20 questions.json
sed 's/"answer_start": 0/"answer_start": 9/' questions.json >beside.json
expect 1 'beside.json: question one: its answer .The man. is not in the paragraph' \
    "$LAMBERT" show features --task questions --vocabulary vocab.txt beside.json
expect 2 'task' "$LAMBERT" show features --task poetry --vocabulary vocab.txt questions.json
expect 2 '--text-column is wanted' \
    "$LAMBERT" show features --task classification --vocabulary vocab.txt --label label texts.tsv
