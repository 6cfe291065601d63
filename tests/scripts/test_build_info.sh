#!/bin/sh
# scripts/build-info: the commit of a repository, of an archive of it and of neither; compiler and flags; and that a
# header which says the same is left alone.
. "$(dirname "$0")/../lib.sh"
export CC=gcc CHOSEN_FLAGS='-O2 -ffile-prefix-map=/a/folder=. -DNAME="a b" '
HOME=$WORK GIT_CONFIG_NOSYSTEM=1
export HOME GIT_CONFIG_NOSYSTEM
unset GIT_DIR GIT_WORK_TREE

# says NAME TEXT: the header that FOLDER/scripts/build-info writes has that line
says() {
    "$folder/scripts/build-info" "$folder/build/gen/build.h" || fail "$folder: exit code $?"
    grep -qxF "#define $1 \"$2\"" "$folder/build/gen/build.h" || { cat "$folder/build/gen/build.h"; fail "$folder: not $1 $2"; }
}

folder=$WORK/tree
mkdir -p tree/scripts
cp "$ROOT/scripts/build-info" "$ROOT/.gitattributes" tree
mv tree/build-info tree/scripts
# (In an archive it says another commit: what the sources say is what git is to fill in.)
echo '$Format:%H$' >tree/scripts/commit
says BUILD_COMMIT unknown
says BUILD_COMPILER "$(gcc --version | head -n 1)"
says BUILD_FLAGS '-O2 -DNAME=\"a b\"'

cd tree
echo /build/ >.gitignore
git init -q . && git add -A && git -c user.name=a -c user.email=a@b commit -q -m first
cd ..
commit=$(git -C tree rev-parse HEAD | cut -c1-12)
says BUILD_COMMIT "$commit"
git -C tree tag v9
says BUILD_COMMIT "$commit"
echo >>tree/.gitattributes
says BUILD_COMMIT "$commit-dirty"
git -C tree checkout -q .gitattributes

says BUILD_COMMIT "$commit"
touch -d 2001-01-01 tree/build/gen/build.h
says BUILD_COMMIT "$commit"
[ -n "$(find tree/build/gen/build.h ! -newermt 2001-01-02)" ] || fail "a header that says the same was written again"
[ ! -e tree/build/gen/build.h.new ] || fail "something was left behind"

mkdir archive && git -C tree archive HEAD | tar -x -C archive
folder=$WORK/archive
says BUILD_COMMIT "$commit"
# Unpacked below a repository that is another one.
rm archive/scripts/commit && mv archive tree/below
folder=$WORK/tree/below
says BUILD_COMMIT unknown
