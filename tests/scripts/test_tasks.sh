#!/bin/sh
# data/tasks, with small sets of each form served on loopback: what becomes of them, downloads that break
# off or are another file, and the list itself; and data/certain_answers.py by hand.
. "$(dirname "$0")/../lib.sh"
. "$ROOT/tests/scripts/serve.sh"
tasks() {
    "$ROOT/data/tasks" "$@"
}

python3 - <<'END'
import json, os, zipfile
os.chdir("www")
with zipfile.ZipFile("SST-2.zip", "w") as archive:
    archive.writestr("SST-2/train.tsv", "sentence\tlabel\nfine \t1\n")
    archive.writestr("SST-2/dev.tsv", "sentence\tlabel\npoor \t0\n")
    archive.writestr("SST-2/test.tsv", "index\tsentence\n0\tnobody knows \n")
with zipfile.ZipFile("lacking.zip", "w") as archive:
    archive.writestr("lacking/train.tsv", "sentence\tlabel\n")
with open("pairs.txt", "w", encoding="utf-8", newline="") as file:
    file.write("\ufeffQuality\t#1 ID\t#2 ID\t#1 String\t#2 String\r\n")
    file.write('1\t10\t11\tA "quoted word\tsaid so\r\n0\t12\t13\tone\ttwo\r\n1\t14\t15\tthree\tfour')
with open("ids.tsv", "w") as file:
    file.write("12\t13\n")
with open("strange.tsv", "w") as file:
    file.write("12\t13\n12\t15\n")

def question(name, *answers):
    return {"id": name, "question": name + "?", "answers": [{"text": t, "answer_start": s} for t, s in answers]}

squad = {"version": "1.1", "data": [
    {"title": "A", "paragraphs": [
        {"context": "caf\u00e9 anan, a river", "qas": [
            question("once", ("river", 13)), question("inside", ("an", 5)), question("elsewhere", ("a", 1))]},
        {"context": "no, not: no", "qas": [question("twice", ("no", 0))]},
        {"context": "a a a", "qas": [question("overlapping", ("a a", 0))]}]},
    {"title": "B", "paragraphs": [{"context": "yes yes", "qas": [question("again", ("yes", 4))]}]},
    {"title": "C", "paragraphs": [{"context": "another, no (not)", "qas": [
        question("whole", ("no", 9)), question("part", ("ther", 3))]}]}]}
for name in "train-v9.json", "dev-v9.json":
    with open(name, "w", encoding="utf-8") as file:
        json.dump(squad, file, ensure_ascii=False)
with open("eng.train", "w") as file:
    file.write("-DOCSTART- -X- O O\n\n")
    file.write("EU NNP I-NP I-ORG\nof IN I-PP I-ORG\nParis NNP I-NP B-ORG\nsaw V I-VP O\nAnn NNP I-NP I-PER\n"
               "Paris NNP I-NP I-LOC\n\nLondon NNP I-NP I-LOC\n")
END

# entry NAME FOLDER FORM FILE...: a section of the list, below $PLACE; a file may be FILE=ANOTHER-NAME
PLACE=$URL
entry() {
    printf '[%s]\nfolder = %s\nform = %s\ndownload =\n' "$1" "$2" "$3"
    shift 3
    for file in "$@"; do
        name=
        case $file in *=*) name=${file#*=} ;; esac
        digest=$(sha256sum <"www/${file%=*}" | cut -d' ' -f1)
        printf '    %s/%s %s %s\n' "$PLACE" "${file%=*}" "$digest" "$name"
    done
}
{
    PLACE=$URL/cut
    entry SST-2 glue/SST-2 zip SST-2.zip
    PLACE=$URL
    entry MRPC glue/MRPC mrpc pairs.txt ids.tsv
    entry SQuAD squad squad train-v9.json dev-v9.json
    entry CoNLL conll iob1 eng.train=train.txt
    entry plain other files ids.tsv=dev.tsv
} >tasks.list

tasks all --list tasks.list >out.txt || fail "all sets"
grep -q "^/cut/SST-2.zip bytes=" requests.log || fail "a download did not go on: $(cat requests.log)"

# same FILE FORMAT: the file is what printf makes of FORMAT
same() {
    # shellcheck disable=SC2059
    printf -- "$2" | cmp - "$1" || { cat "$1"; fail "$1 is not as it should be"; }
}
same all/glue/SST-2/train.tsv 'sentence\tlabel\nfine \t1\n'
same all/glue/SST-2/dev.tsv 'sentence\tlabel\npoor \t0\n'
head='\357\273\277Quality\t#1 ID\t#2 ID\t#1 String\t#2 String\n'
same all/glue/MRPC/train.tsv "$head"'1\t10\t11\tA "quoted word\tsaid so\n1\t14\t15\tthree\tfour\n'
same all/glue/MRPC/dev.tsv "$head"'0\t12\t13\tone\ttwo\n'
cmp www/train-v9.json all/squad/train-v9.json && cmp www/dev-v9.json all/squad/dev-v9.json ||
    fail "SQuAD's own files"
[ ! -e all/squad/dev-v9-certain.json ] || fail "a part of the development set was made"
same all/conll/train.txt '-DOCSTART- -X- O O\n\nEU NNP I-NP B-ORG\nof IN I-PP I-ORG\nParis NNP I-NP B-ORG
saw V I-VP O\nAnn NNP I-NP B-PER\nParis NNP I-NP B-LOC\n\nLondon NNP I-NP B-LOC\n'
cmp www/ids.tsv all/other/dev.tsv || fail "a file as it is"
grep -q "train-v9-certain.json: 3 of 8 questions" out.txt ||
    fail "no word of what is certain: $(cat out.txt)"
python3 - <<'END' || fail "the questions whose answer is certain"
import json
with open("all/squad/train-v9-certain.json", encoding="utf-8") as file:
    squad = json.load(file)
kept = [(article["title"], paragraph["context"], question["id"], question["answers"])
        for article in squad["data"] for paragraph in article["paragraphs"] for question in paragraph["qas"]]
assert kept == [("A", "caf\u00e9 anan, a river", "once", [{"text": "river", "answer_start": 13}]),
                ("C", "another, no (not)", "whole", [{"text": "no", "answer_start": 9}]),
                ("C", "another, no (not)", "part", [{"text": "ther", "answer_start": 3}])], kept
assert squad["version"] == "1.1" and [len(a["paragraphs"]) for a in squad["data"]] == [1, 1], squad
END

# One set; again, nothing is downloaded twice.
tasks one MRPC --list tasks.list >out.txt || fail "one set"
[ "$(echo one/*)" = "one/downloads one/glue" ] || fail "more than one set: $(echo one/*)"
rm requests.log
tasks one MRPC --list tasks.list >out.txt || fail "one set again"
[ ! -e requests.log ] || fail "fetched again: $(cat requests.log)"

# Faults
expect 1 "there is no set SST; there are SST-2, MRPC" tasks none SST --list tasks.list
[ ! -e none ] || fail "a folder of no set"
entry MRPC mrpc mrpc pairs.txt strange.tsv >other.list
expect 1 "pairs.txt: the pair 12 and 15, which .*strange.tsv names, is not in it" tasks two --list other.list
entry MRPC mrpc mrpc ids.tsv=few.tsv strange.tsv >other.list
sed -i 's/12/13/' www/ids.tsv
expect 1 "few.tsv|ids.tsv: its sha256 is .* was expected" tasks two --list other.list
printf 'Quality\tids\n1\t2\n' >www/few.tsv
entry MRPC mrpc mrpc few.tsv strange.tsv >other.list
expect 1 "few.tsv:2: 2 columns; a pair has five" tasks two --list other.list
entry lacking lacking zip lacking.zip >other.list
expect 1 "lacking.zip: there is no lacking/dev.tsv in it" tasks two --list other.list
entry text text zip pairs.txt >other.list
expect 1 "tasks: .*not a zip file" tasks two --list other.list
printf '[A]\nfolder = a\ndownload = b c\n' >other.list
expect 1 "other.list: \[A\] has no 'form'" tasks two --list other.list
printf '[A]\nfolder = a\nform = pdf\ndownload = b c\n' >other.list
expect 1 "\[A\] form = pdf; there are files, zip" tasks two --list other.list
printf '[A]\nfolder = a\nform = zip\ndownload = %s/SST-2.zip\n' "$URL" >other.list
expect 1 "\[A\] a download is an address and its SHA-256" tasks two --list other.list

# By hand, compressed.
gzip -c www/train-v9.json >train.json.gz
"$ROOT/data/certain_answers.py" train.json.gz certain.json.gz | grep -q "^3 of 8 questions: certain.json.gz" ||
    fail "certain_answers.py"
gzip -dc certain.json.gz | cmp - all/squad/train-v9-certain.json || fail "another file when compressed"
echo '{"data": [{"title": "A"}]}' >broken.json
expect 1 "no file of SQuAD v1.1: 'paragraphs'" "$ROOT/data/certain_answers.py" broken.json out.json
expect 1 "certain_answers.py: .*nowhere.json" "$ROOT/data/certain_answers.py" nowhere.json out.json

# The list itself is in order.
python3 - "$ROOT/data" <<'END' || fail "data/tasks.list"
import importlib.machinery, importlib.util, sys
sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[1])
loader = importlib.machinery.SourceFileLoader("tasks", sys.argv[1] + "/tasks")
recipe = importlib.util.module_from_spec(importlib.util.spec_from_loader("tasks", loader))
loader.exec_module(recipe)
sets = recipe.read_list(sys.argv[1] + "/tasks.list")
assert len(sets.sections()) == 10, sets.sections()
for name in sets.sections():
    downloads = list(recipe.downloads_of(sets[name]))
    assert downloads, name
    for address, digest, file in downloads:
        assert address.startswith("https://") and len(digest) == 64 and int(digest, 16) and file, name
    assert sets[name]["form"] != "zip" or downloads[0][2] == name + ".zip", name
END
