#!/bin/sh
# packaging/libraries, with a list of its own and no network: what is fetched is checked, built and found by pkg-config,
# and is not built again; a tarball of any name serves; what is wrong gets a sentence.
. "$(dirname "$0")/../lib.sh"
mkdir packaging made cJSON-1
cp "$ROOT/packaging/libraries" packaging
echo 'int cJSON_here(void); int cJSON_here(void) { return 7; }' >cJSON-1/cJSON.c
echo 'int cJSON_here(void);' >cJSON-1/cJSON.h
tar -czf v1.tar.gz cJSON-1
sum=$(sha256sum <v1.tar.gz | cut -d ' ' -f 1)
cat >packaging/libraries.list <<END
# a comment
bzip2 1 $sum file://$WORK/no/such/file.tar.gz
cjson 1 0$sum file://$WORK/v1.tar.gz
cjson 1 $sum file://$WORK/v1.tar.gz
END

[ "$(packaging/libraries --list | wc -l)" = 3 ] || fail "the list has not three addresses"
expect 2 "packaging/libraries PREFIX" packaging/libraries
expect 1 "there is no library 'none'; there are bzip2 cjson" packaging/libraries made none
expect 1 "no folder 'nowhere'" packaging/libraries made --sources nowhere
expect 1 "bzip2 cannot be fetched; put its tarball, from one of these addresses, into a folder" packaging/libraries made
expect 1 "white space" packaging/libraries "a folder"

expect 0 "is not what packaging/libraries.list has the sum of" packaging/libraries made cjson
cat >user.c <<'END'
#include <cjson/cJSON.h>
int main(void) { return cJSON_here(); }
END
# shellcheck disable=SC2086,SC2046 # flags are words
${CC:-cc} user.c $(PKG_CONFIG_PATH=$WORK/made/lib/pkgconfig pkg-config --cflags --libs libcjson) -o user || fail "it does not link"
code=0
./user || code=$?
[ $code = 7 ] || fail "another library was linked"
packaging/libraries made cjson >out.txt || fail "once more"
! grep -q building out.txt || fail "it was built again"

mkdir kept
mv v1.tar.gz kept/whatever
packaging/libraries other --sources kept cjson >out.txt || fail "a tarball that is there"
[ -s other/lib/libcjson.a ] && [ ! -e other/sources ] || fail "not built, or fetched"

# The real list: of each library a sum of 64 digits, and a way to build it.
while read -r name _ sum address; do
    echo "$sum" | grep -qxE '[0-9a-f]{64}' && echo "$address" | grep -q '^https://' || fail "the line of $name"
    grep -q "^build_$(echo "$name" | tr - _)()" "$ROOT/packaging/libraries" || fail "$name is not built"
done <<END
$(grep '^[a-z]' "$ROOT/packaging/libraries.list")
END
