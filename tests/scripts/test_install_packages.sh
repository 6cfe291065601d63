#!/bin/sh
# scripts/install-packages names what is lacking, and calls apt-get only as root. Nothing is
# installed here: dpkg-query, id and apt-get are stand-ins.
. "$(dirname "$0")/../lib.sh"
install=$ROOT/scripts/install-packages
unset NO_INSTALL
mkdir fake
PATH=$WORK/fake:$PATH

# stand_in NAME: standard input becomes the script
stand_in() {
    { echo '#!/bin/sh'; cat; } >"fake/$1"
    chmod +x "fake/$1"
}

# installed yes|no PATTERN: what dpkg-query says of packages that match PATTERN; of others the
# opposite
installed() {
    stand_in dpkg-query <<END
for package; do :; done
echo "\$package" | grep -qE -- '$2' && match=yes || match=no
[ \$match = $1 ] || { echo "no packages found matching \$package" >&2; exit 1; }
printf installed
END
}

user() {
    echo "echo $1" | stand_in id
}

no_call() {
    [ ! -e calls ] || fail "$1 called apt-get: $(cat calls)"
}

echo "echo \"\$*\" >>'$WORK/calls'" | stand_in apt-get

# Words that are no group
installed no .
user 0
expect 2 "no group 'nonsense'.*build, aarch64, browser, cluster, demo, fuzz, mpich, numerics, peers, simgrid, slurm and workshop" "$install" nonsense
expect 2 "no group 'nonsense'" "$install" build nonsense
no_call "an unknown group"

# Without root
user 1000
expect 1 "apt-get install .* gcc .*libopenmpi-dev.* libcjson-dev" "$install"
! grep -q bible-kjv err.txt || fail "the build needs no Bible"
expect 1 "as root" "$install" build
expect 1 "apt-get install .* bible-kjv bible-kjv-text$" "$install" demo
! grep -qw gcc err.txt || fail "demo alone named the build's packages"
expect 1 "apt-get install .* gcc .* bible-kjv" "$install" build demo
expect 1 "apt-get install .* clang libclang-rt-dev llvm$" "$install" fuzz
expect 1 "apt-get install .* libsimgrid-dev libtcmalloc-minimal4$" "$install" simgrid
no_call "another user than root"

# Only what is lacking
installed no '^(zlib1g-dev|libcmocka-dev)$'
expect 1 "apt-get install --no-install-recommends zlib1g-dev libcmocka-dev$" "$install"
installed yes .
"$install" build demo >out.txt 2>err.txt || { cat err.txt; fail "with nothing lacking"; }
[ ! -s out.txt ] && [ ! -s err.txt ] || fail "with nothing lacking it said: $(cat out.txt err.txt)"
no_call "a machine that lacks nothing or is not ours"

# As root, who may forbid it
installed no '^zlib1g-dev$'
user 0
NO_INSTALL=1 expect 1 "apt-get install --no-install-recommends zlib1g-dev$" "$install"
no_call "root with NO_INSTALL=1"
"$install" >out.txt 2>err.txt || { cat err.txt; fail "as root"; }
grep -q "^Installing.* zlib1g-dev$" out.txt || fail "it did not say what it installs: $(cat out.txt)"
sed -n 1p calls | grep -qw update && sed -n 2p calls | grep -qE "install .* zlib1g-dev$" ||
    fail "apt-get was called so: $(cat calls)"
echo "echo 'E: no such thing' >&2; exit 100" | stand_in apt-get
expect 1 "E: no such thing" "$install"
expect 1 "could not be installed" "$install"
