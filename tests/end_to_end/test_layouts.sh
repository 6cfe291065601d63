#!/bin/sh
# How documents lie in files: the forms of people's corpora, by prep and by vocab, with what is said of them; and,
# beside Python's readers, files of all forms in variants.
. "$(dirname "$0")/../lib.sh"
printf '%s\n' '[PAD]' '[UNK]' '[CLS]' '[SEP]' '[MASK]' the a old house river bird man tree road sees runs is it . , '##t' '##ree' >v.txt
two='The old house. A bird.' too='A river. A man.'

# makes DOCUMENTS SENTENCES PATTERN FILE OPTIONS...: the corpus has so many, and prep says PATTERN.
makes() {
    wanted="$1 $2" said=$3
    file=$4
    shift 4
    rm -rf c
    "$LAMBERT" prep --vocabulary v.txt --heldout 0 --output c "$@" "$file" >out.txt 2>err.txt ||
        fail "prep $* $file: $(cat err.txt)"
    got=$(awk '/^  train  /{print $2, $3}' out.txt)
    [ "$got" = "$wanted" ] || fail "prep $* $file made $got, not $wanted: $(cat err.txt)"
    cat out.txt err.txt | grep -qE -- "$said" || fail "prep $* $file did not say '$said': $(cat out.txt err.txt)"
}
prep="$LAMBERT prep --vocabulary v.txt --heldout 0 --output c"
vocab="$LAMBERT vocab --output learnt.txt --size 200"

# Keys: the known ones, and those that are named; what has none is refused with what it has.
printf '{"content":"%s"}\n{"content":"%s"}\n' "$two" "$too" >oscar.jsonl
makes 2 4 . oscar.jsonl
printf '{"body":{"en":"%s"},"n":1}\n{"body":{"en":"%s"},"id":"x"}\n' "$two" "$too" >keys.jsonl
mkdir folder && cp keys.jsonl folder/a.jsonl && cp keys.jsonl folder/b.jsonl
rm -rf c
expect 1 "keys.jsonl is JSON .* keys body.en, id: .*--text-key" $prep keys.jsonl
expect 1 "folder/a.jsonl is JSON .* keys body.en, id" $prep folder
expect 1 "keys.jsonl is JSON .* keys body.en, id" $vocab keys.jsonl
[ ! -e c ] || fail "a corpus of JSON without texts"
makes 4 8 . folder --text-key body.en
expect 0 . $vocab --text-key body.en keys.jsonl
expect 1 "names an empty key" $prep --text-key a, keys.jsonl
grep -qx body learnt.txt && fail "a key in the vocabulary"
expect 0 . $vocab oscar.jsonl

# Arrays, and objects over many lines.
printf '[\n{"text":"%s"},\n{"text":"%s"}\n]\n' "$two" "$too" >array.json
makes 2 4 . array.json
printf '{\n  "text":\n    "%s"\n}\n{\n  "text":"%s"\n}\n' "$two" "$too" >pretty.json
makes 2 4 . pretty.json

# An array of texts; what Python prints; what holds nothing hides nothing.
printf '["%s",\n "%s"]\n' "$two" "$too" >texts.json
makes 2 4 "made of 1 JSON of texts file" texts.json
expect 0 "made of 1 JSON of texts file" $vocab texts.json
printf "{'text': '%s'}\n{'text': '%s'}\n" "$two" "$too" >python.txt
rm -rf c
for command in "$prep" "$vocab"; do
    # shellcheck disable=SC2086
    expect 1 "python.txt has objects as Python prints them.*json.dumps" $command python.txt
done
python3 -c 'import ast, json, sys; [print(json.dumps(ast.literal_eval(line))) for line in sys.stdin]' <python.txt >python.jsonl
makes 2 4 . python.jsonl
printf '{"text":null,"content":"%s"}\n{"text":"","raw_content":"%s"}\n{"text":"x","text":"%s"}\n' "$two" "$too" "$too" >hidden.jsonl
makes 3 6 . hidden.jsonl
expect 1 "blanks beside its commas" $prep --text-key 'a, b' keys.jsonl

# A bracket that is missing costs its object.
printf '[{"text":"%s","l":[{"n":1},\n{"text":"%s"},\n{"text":"%s"}]' "$two" "$two" "$too" >open.json
makes 2 4 "1 line or object left out, the first in open.json, line 1" open.json

# Elasticsearch's bulk form; what is damaged, and where; what costs a character or nothing.
printf '{"index":{"_id":"1"}}\n{"title":"Stone","text":"%s"}\n{"index":{"_id":"2"}}\n{"title":"River","text":"%s"}\n' "$two" "$too" >cirrus.json
makes 2 4 "2 lines of Elasticsearch's bulk form" cirrus.json
printf '{"text":null}\n{"text":"%s"}\n{"text":"%s"}\n{"txt":"x"}\n{"te\n{"text":1}\n' "$two" "$too" >damaged.jsonl
makes 2 4 "2 lines or objects left out, the first in damaged.jsonl, line 1: JSON .* something else than a text" damaged.jsonl
grep -q "1 line or object left out, the first in damaged.jsonl, line 4: JSON .* none of the keys" err.txt || fail "no key: $(cat err.txt)"
grep -q "1 line or object left out, the first in damaged.jsonl, line 5: JSON .* no object" err.txt || fail "no object: $(cat err.txt)"
printf '{"text":"The \\ud83d river. A man."}\n{"p":NaN,"text":"%s"}\n{"text":"The tree\\u0000. A road."}\n' "$too" >odd.jsonl
makes 3 6 . odd.jsonl
grep -q "left out, the first" err.txt && fail "what costs a character was left out: $(cat err.txt)"
cp damaged.jsonl more.jsonl
mpirun -n 2 $vocab odd.jsonl damaged.jsonl more.jsonl >out.txt 2>err.txt || fail "vocab: $(cat err.txt)"
for said in "4 lines or objects left out, the first in damaged.jsonl, line 1: JSON .* something else" \
    "2 lines or objects left out, the first in damaged.jsonl, line 4: JSON .* none of the keys" \
    "2 lines or objects left out, the first in damaged.jsonl, line 5: JSON .* no object"; do
    grep -q "$said" err.txt || fail "vocab did not say '$said': $(cat err.txt)"
done
printf '{"a":"%s","b":"x"}\n{"a":"%s"}\n{"b":"%s","a":null}\n' "$two" "$two" "$too" >lacking.jsonl
# A file without the keys is refused, though its first object is too long to be looked at.
awk 'BEGIN { printf "{\"txt\":\""; for (i = 0; i < 9000; i++) printf "The old house."; printf "\"}\n" }' >keyless.jsonl
rm -rf c
expect 1 "no object in the JSON of keyless.jsonl has one of the keys text, content or raw_content" $prep odd.jsonl keyless.jsonl
expect 1 "no object in the JSON of keyless.jsonl has one of the keys a,b" $vocab --text-key a,b keyless.jsonl lacking.jsonl
# Of several keys it is said which are lacking.
makes 3 7 "^of 3 objects with a key of --text-key 1 lack b$" lacking.jsonl --text-key a,b
makes 3 7 "warning: of 3 objects with a key of --text-key 3 lack c, 1 lack b: is each" lacking.jsonl --text-key a,c,b
expect 0 "warning: of 3 objects with a key of --text-key 1 lack b, 3 lack c: is each" $vocab --text-key a,b,c lacking.jsonl
printf '{"text":null}\n{"text":7}\n' >none.jsonl
rm -rf c
expect 1 "no document in the JSON of none.jsonl: 0 lines are no object, 0 objects .* 2 have no text" $prep none.jsonl

# A line longer than some shards is one document, wherever it is cut.
awk 'BEGIN { printf "{\"text\":\"The bird.\"}\n{\"text\":\""; for (i = 0; i < 90000; i++) printf "The old house sees the river. "
             printf "\"}\n{\"text\":\"A river. A man.\"}\n" }' >long.jsonl
makes 3 90003 . long.jsonl --shard-megabytes 1
{ printf '['; sed '$!s/$/,/' long.jsonl; printf ']'; } >long.json
makes 3 90003 . long.json --shard-megabytes 1

# WikiExtractor's: entities, any attributes, a tag around.
printf '<?xml version="1.0"?>\n<root>\n<doc id="1" title='"'Old river'"' language="en">\nOld river\n\nThe&#32;old &lt;river&gt;. A bird.\n</doc>\n</root>\n' >attributes.txt
makes 1 2 . attributes.txt

# Plain text: what parts documents, and where lines are broken.
awk 'BEGIN { for (i = 0; i < 60; i++) print "The old house sees the river and the bird, and the man runs on the\nroad, where a tree is. It is old.\n" }' >wrapped.txt
makes 60 180 "warning: the lines look as if they had been broken .*--wrapped" wrapped.txt
makes 60 120 . wrapped.txt --wrapped
grep -q "look as if" err.txt && fail "a warning where lines are joined"
makes 1 120 . wrapped.txt --wrapped --documents files
awk 'BEGIN { for (i = 0; i < 600; i++) print "The bird sees a." }' >lines.txt
makes 1 600 "warning: no blank line parts the 600 lines of 1 plain file.*--documents lines" lines.txt
makes 600 600 . lines.txt --documents lines
makes 1 600 . lines.txt --documents files
grep -q "no blank line" err.txt && fail "a warning where files are documents"
expect 1 "only one of them" $prep --documents lines --wrapped lines.txt
# A file of more than a shard: a long first document says nothing of the others, and one that never ends is cut.
awk 'BEGIN { for (i = 0; i < 80000; i++) print "The bird sees a."; for (i = 0; i < 9; i++) print "\nA man runs." }' >first.txt
makes 10 80009 . first.txt --shard-megabytes 1
grep -q "no blank line" err.txt && fail "a warning of a file that has blank lines"
awk 'BEGIN { for (i = 0; i < 90000; i++) print "The bird sees a." }' >endless.txt
makes 2 90000 "longer than a shard .1 MB. were cut 1 times: are there blank lines" endless.txt --shard-megabytes 1
# Documents in tags are those with a title and those without; a log of a chat has no tags.
printf '<doc id="1">\nThe old house.\n\nA bird.\n</doc>\n<doc>\nA man.\n</doc>\n' >untitled.txt
makes 2 3 "made of 1 WikiExtractor" untitled.txt
printf '<bird> The old house.\n<man> A tree.\n<bird> A road.\n' >chat.txt
makes 1 3 "made of 1 plain" chat.txt

python3 "$ROOT/scripts/numerics/layouts.py" "$BUILD" --quick >log.txt 2>&1 || fail "$(tail -n 20 log.txt)"
