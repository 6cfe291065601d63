#!/bin/sh
# What the build lacks gets a sentence and, on Debian, the packages, before the compiler complains; and a
# library in a folder of its own is found where pkg-config says.
. "$(dirname "$0")/../lib.sh"
unset CPPFLAGS LDFLAGS LDLIBS PKG_CONFIG PKG_CONFIG_PATH MAKEFLAGS MFLAGS MAKELEVEL SAN COV MPI MPICC MPIRUN
cp -r "$ROOT/Makefile" "$ROOT/scripts" "$ROOT/src" "$ROOT/include" .
mkdir tests bin

make build/found/program >out.txt 2>err.txt || { cat err.txt; fail "this machine builds the tests, but lacks something"; }
[ ! -s out.txt ] && [ ! -s err.txt ] || fail "with all there it said: $(cat out.txt err.txt)"
rm -r build

# A header that is not there (or is another).
mkdir wrong
echo '#error "not this one"' >wrong/xxhash.h
expect 2 '^    xxHash, the header <xxhash.h>$' make build/found/program CPPFLAGS=-Iwrong
! grep -q 'zlib' err.txt || fail "it named what is there"
if command -v dpkg-query >/dev/null; then
    grep -qx '    apt-get install --no-install-recommends libxxhash-dev' err.txt || fail "no package"
fi

# A library that is not there, though its header is.
cat >bin/cc-without-isal <<'END'
#!/bin/sh
case " $* " in *" -lisal "*) exit 1 ;; esac
exec gcc "$@"
END
chmod +x bin/cc-without-isal
expect 2 '^    ISA-L, the library -lisal$' \
    env OMPI_CC="$WORK/bin/cc-without-isal" make build/found/program CC="$WORK/bin/cc-without-isal"

# No compiler, no MPI.
expect 2 'a C compiler, the command no-such-cc' make build/found/program CC=no-such-cc
expect 2 'an MPI library, the command no-such-mpicc' make build/found/program MPICC=no-such-mpicc
expect 2 'an MPI library, the command mpicc.none' make build/none/found/program MPI=none
expect 2 'lacks:' make build/found/program LDLIBS=-lno-such-library

# A library in a folder of its own.
mkdir -p prefix/lib/pkgconfig
cat >prefix/lib/pkgconfig/libxxhash.pc <<END
Name: xxhash
Description: a copy
Version: 1
Cflags: -I$WORK/prefix/include
Libs: -L$WORK/prefix/lib -lxxhash
END
PKG_CONFIG_PATH=$WORK/prefix/lib/pkgconfig make -n V=1 build/lambert >commands.txt
grep -qE " -c src/base/hash.c " commands.txt || fail "no command for base/hash.c"
! grep -E " -c src/" commands.txt | grep -qv -- " -I$WORK/prefix/include " || fail "compiled without its folder"
grep -E " -o build/lambert$" commands.txt | grep -q -- " -L$WORK/prefix/lib -lxxhash " ||
    tail -n 1 commands.txt | grep -q -- " -L$WORK/prefix/lib -lxxhash " || fail "linked without its folder"

# Another MPI: its compiler and its launcher, in a folder of its own.
make -n V=1 MPI=other MPICC=othercc MPIRUN=otherrun all >commands.txt
grep -qE "^othercc .* -c src/dist/dist.c -o build/other/obj/dist/dist.o$" commands.txt || fail "not compiled by othercc"
grep -qE "'otherrun' >build/other/launcher/mpirun$" commands.txt || fail "no launcher: $(grep launcher commands.txt)"

# Without pkg-config, by their names; and what the environment says comes along.
CPPFLAGS=-Ione CFLAGS=-Otwo LDFLAGS=-Lthree LDLIBS=-lfour make -n V=1 PKG_CONFIG=false build/lambert >commands.txt
grep -q -- "-lopenblas -lutf8proc -linih -lcjson -lxxhash -lisal -lprotobuf-c -lz -lzstd -llzma -lbz2 -lm" commands.txt ||
    fail "without pkg-config it links $(tail -n 1 commands.txt)"
grep -E " -c src/base/hash.c " commands.txt | grep -q -- " -Ione .*-Otwo" || fail "CPPFLAGS or CFLAGS are lost"
grep -q -- " -Lthree .*-lfour " commands.txt || fail "LDFLAGS or LDLIBS are lost"
