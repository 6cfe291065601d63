#!/bin/sh
# lambert show sentences, and prep with it: languages in their own scripts and with their own dates.
. "$(dirname "$0")/../lib.sh"

printf '%s\n' 'Am 3. Oktober 1990 war es so. Im 19. Jahrhundert nicht.' '' \
    'თბილისი დედაქალაქია. ის მდებარეობს მტკვრის ნაპირზე.' 'घर। घर।घर।' >text.txt
cat >wanted.txt <<'END'
Am 3. Oktober 1990 war es so.
Im 19. Jahrhundert nicht.

თბილისი დედაქალაქია.
ის მდებარეობს მტკვრის ნაპირზე.
घर।
घर।
घर।
END
"$LAMBERT" show sentences <text.txt >got.txt || fail "show sentences"
cmp wanted.txt got.txt || fail "sentences: $(cat got.txt)"
"$LAMBERT" show sentences --json <text.txt >got.txt || fail "show sentences --json"
[ "$(sed -n 2p got.txt)" = '[]' ] && [ "$(sed -n 4p got.txt)" = '["घर।","घर।","घर।"]' ] || fail "json: $(cat got.txt)"

# What prep counts is the same.
"$LAMBERT" vocab --size 100 --output vocab.txt text.txt 2>log.txt || fail "vocab: $(cat log.txt)"
"$LAMBERT" prep --vocabulary vocab.txt --heldout 0 --output corpus text.txt >out.txt 2>log.txt || fail "prep: $(cat log.txt)"
[ "$("$LAMBERT" show corpus corpus --json | grep -c '"sentences":\s*7')" -ge 1 ] || fail "prep: $(cat out.txt)"

# Text in which no sentence ends is not praised for needing no padding.
awk 'BEGIN { for (d = 0; d < 20; d++) { for (w = 0; w < 400; w++) printf "บ้าน "; print "\n" } }' >thai.txt
"$LAMBERT" vocab --size 100 --output thai.v thai.txt 2>log.txt || fail "vocab: $(cat log.txt)"
"$LAMBERT" prep --vocabulary thai.v --heldout 0 --output thai thai.txt >out.txt 2>log.txt || fail "prep: $(cat log.txt)"
grep -q 'half of the sentences have more than 100 tokens: few of their ends were found; at 128 tokens [5-9][0-9]% of' log.txt ||
    fail "no warning: $(cat log.txt)"
grep -q '[5-9][0-9]\.[0-9]% of the tokens are cut off, padding would add 0%' out.txt || fail "report: $(cat out.txt)"

# A cased vocabulary of a script without case is not taken for an uncased one.
printf '%s\n' '[PAD]' '[UNK]' '[CLS]' '[SEP]' '[MASK]' 'घर' '।' >hindi.v
printf 'घर। घर।\n\nघर। घर।\n' >hindi.txt
"$LAMBERT" prep --vocabulary hindi.v --cased --heldout 0 --output hindi hindi.txt >out.txt 2>log.txt || fail "prep: $(cat log.txt)"
! grep -q 'no capitals' log.txt || fail "advice without reason: $(cat log.txt)"
