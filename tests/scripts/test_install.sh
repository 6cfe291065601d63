#!/bin/bash
# What make install puts somewhere works from there, is found by the program wherever it is moved to, and is taken away
# by make uninstall; the tarball of make dist.
. "$(dirname "$0")/../lib.sh"
unset MAKEFLAGS MAKELEVEL
unset PYTHONDONTWRITEBYTECODE # what Python leaves beside its files is to go with them

# made TARGET WORDS...: make in the checkout, with this build
made() {
    make -s -C "$ROOT" BUILD="$BUILD" "$@" >make.txt 2>&1 || fail "make $*: $(cat make.txt)"
}

destination="$WORK/a destination"
"$LAMBERT" --version >version.txt
CFLAGS="-O0 -other-than-built-with" made install PREFIX="/opt/the prefix" DESTDIR="$destination"
prefix="$destination/opt/the prefix"
installed="$prefix/bin/lambert"
share="$prefix/share/lambert"
"$installed" --version | cmp - version.txt || fail "something else was installed than was built"
[ -z "$(find "$destination" -type f ! -path "$prefix/*")" ] || fail "there are files outside of the prefix"

# The program and its files, from a folder with nothing in it.
mkdir empty
cd empty
[ "$("$installed" help --folder)" = "$share" ] || fail "its folder is $("$installed" help --folder)"
"$installed" show config configs/tiny.ini run.folder=x data.corpus=y >tiny.ini 2>err.txt || fail "$(cat err.txt)"
grep -qF "the one that comes with Lambert is read, $share/configs/tiny.ini" err.txt || fail "it says: $(cat err.txt)"
mkdir mine
printf 'include = configs/bert-mini.ini\n[run]\nfolder = mine\n' >mine/my.ini
"$installed" show config mine/my.ini >my.ini 2>err.txt || fail "$(cat err.txt)"
grep -q "^hidden_size = 256$" my.ini || fail "my.ini is $(cat my.ini)"

# One's own wins, silently; what neither has is said to be missing where it was looked for first.
mkdir mine/configs
sed 's/hidden_size = .*/hidden_size = 64/' "$share/configs/tiny.ini" >mine/configs/bert-mini.ini
"$installed" show config mine/my.ini data.corpus=y >my.ini 2>err.txt || fail "$(cat err.txt)"
grep -q "^hidden_size = 64$" my.ini && [ ! -s err.txt ] || fail "its own is not read: $(cat my.ini err.txt)"
expect 1 "cannot open configs/none.ini" "$installed" show config configs/none.ini
cd ..

# Moved as a whole, or a part of it with LAMBERT_SHARE.
mv "$prefix" moved
[ "$(moved/bin/lambert help --folder)" = "$WORK/moved/share/lambert" ] || fail "it is not found where it was moved to"
cp moved/bin/lambert alone
expect 1 "neither in ../share/lambert of its own folder nor in LAMBERT_SHARE" ./alone help --folder
expect 1 "nor in LAMBERT_SHARE" env LAMBERT_SHARE="$WORK/empty" moved/bin/lambert help --folder
[ "$(LAMBERT_SHARE=moved/share/lambert ./alone help --folder)" = "$WORK/moved/share/lambert" ] || fail "LAMBERT_SHARE"
mv moved "$prefix"

# Man pages, completion, scripts and recipes.
for page in man1/lambert.1 man1/lambert-train.1 man1/lambert-show-batch.1 man5/lambert.ini.5; do
    [ -s "$prefix/share/man/$page" ] || fail "there is no $page"
done
bash --norc -c '. "$1" && complete -p lambert' - "$prefix/share/bash-completion/completions/lambert" >out.txt ||
    fail "the completion"
for recipe in debian-corpus demo-text tasks wikipedia; do
    "$share/data/$recipe" --help >out.txt || fail "$recipe --help"
done
"$share/scripts/clean-shared-memory" empty || fail "clean-shared-memory"
for script in run-page.py run-summary.py sweep; do
    "$share/scripts/$script" --help >out.txt || fail "$script --help"
done
[ -s "$prefix/share/doc/lambert/README.md" ] && [ -s "$prefix/share/doc/lambert/docs/cluster.md" ] || fail "no pages"

# A version that has other files: what the old one had alone goes, what others put there stays.
: >"$share/configs/old.ini"
echo share/lambert/configs/old.ini >>"$share/installed"
: >"$share/configs/foreign.ini"
made install PREFIX="/opt/the prefix" DESTDIR="$destination"
[ ! -e "$share/configs/old.ini" ] && [ -e "$share/configs/foreign.ini" ] || fail "old.ini stays, or foreign.ini goes"
rm "$share/configs/foreign.ini"

made uninstall PREFIX="/opt/the prefix" DESTDIR="$destination"
[ -z "$(find "$destination" -type f)" ] || fail "left: $(find "$destination" -type f)"
[ ! -e "$share" ] && [ ! -e "$prefix/share/doc/lambert" ] || fail "folders are left"
expect 2 "not installed below $destination/opt/the prefix by make install" \
    make -s -C "$ROOT" BUILD="$BUILD" uninstall PREFIX="/opt/the prefix" DESTDIR="$destination"
expect 2 "PREFIX=here is not an absolute path" make -s -C "$ROOT" BUILD="$BUILD" install PREFIX=here

# A copy of the sources, which are newer than the program that was built of them: that one is installed, and nothing is
# compiled. Where there is none, or where another goal is named, it is built, and told anew which binary it is.
mkdir tree
(cd "$ROOT" && tar cf - Makefile .gitattributes include src scripts configs data docs README.md CHANGELOG.md CITATION.cff) |
    tar xf - -C tree --touch
mkdir -p tree/build/mpich/san-address
cp "$LAMBERT" tree/build
cp "$LAMBERT" tree/build/mpich/san-address
nothing_compiles="CC=false MPICC=false"
# shellcheck disable=SC2086
make -s -C tree BUILD=build $nothing_compiles install PREFIX="$WORK/from the tree" >make.txt 2>&1 || fail "$(cat make.txt)"
"from the tree/bin/lambert" --version | cmp - version.txt || fail "something else was installed than was built"
[ ! -e tree/build/gen ] || fail "make install made $(find tree/build/gen)"
[ "$(tree/build/mpich/san-address/lambert help --folder)" = "$WORK/tree" ] || fail "its checkout is not found"

# built GOALS...: make would link the program for these, after it has looked which binary it is
built() {
    make -n -C tree BUILD=build "$@" >make.txt 2>&1 || fail "make -n $*: $(cat make.txt)"
    grep -q "scripts/build-info build/gen/cli/build.h" make.txt && grep -q " -o build/lambert\$" make.txt
}

built all install || fail "make all install builds nothing"
! built install || fail "make install builds"
rm tree/build/lambert
built install || fail "the first make install builds nothing"

# The tarball, where there is a repository: the same bytes again, with its commit.
if commit=$(git -C "$ROOT" rev-parse HEAD 2>/dev/null); then
    mkdir dist
    for time in first second; do
        made dist BUILD="$WORK/dist"
        mv dist/lambert-*.tar.gz $time.tar.gz || fail "no tarball"
    done
    cmp first.tar.gz second.tar.gz || fail "two tarballs of a commit are not the same"
    tar xzf first.tar.gz
    version=$("$LAMBERT" --version | head -n 1 | cut -d ' ' -f 2)
    [ "$(cat "lambert-$version/scripts/commit")" = "$commit" ] || fail "the tarball does not know its commit"
    # What protoc-c makes, for who has none.
    for file in prepare/tf_example.pb-c.c prepare/tf_example.pb-c.h store/tensor_bundle.pb-c.c; do
        [ -s "lambert-$version/generated/$file" ] || fail "there is no $file"
    done
    [ -x "lambert-$version/scripts/install" ] || fail "what is in the tarball: $(ls)"

    # Of .proto files that are not the commit's there is none.
    git -C tree init -q
    git -C tree add -A include src scripts Makefile .gitattributes
    git -C tree -c user.name=a -c user.email=a@b commit -q -m first
    echo '// changed' >>tree/src/store/tensor_bundle.proto
    expect 2 "commit these or put them back first" make -s -C tree BUILD=build dist
    grep -q "M src/store/tensor_bundle.proto" err.txt || fail "it says: $(cat err.txt)"
    ! ls tree/build/lambert-*.tar.gz 2>/dev/null || fail "there is a tarball"
    git -C tree checkout -q src
    make -s -C tree BUILD=build dist >make.txt 2>&1 || fail "make dist: $(cat make.txt)"
else
    echo "no repository: make dist is not tried"
fi
