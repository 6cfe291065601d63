#!/bin/sh
# The version of the program is that of all that names one, and files of it are kept.
. "$(dirname "$0")/../lib.sh"
version=$("$LAMBERT" --version | sed -n '1s/^lambert //p')
echo "$version" | grep -qE '^[0-9]+\.[0-9]+\.[0-9]+$' || fail "the version is '$version', not MAJOR.MINOR.PATCH"

# is WHERE SEEN
is() {
    [ "$2" = "$version" ] || fail "$1 has the version '$2', the program $version"
}

is CHANGELOG.md "$(sed -n '/^## To come$/d;s/^## //p' "$ROOT/CHANGELOG.md" | head -n 1)"
is CITATION.cff "$(sed -n 's/^version: //p' "$ROOT/CITATION.cff")"
is packaging/spack "$(sed -n 's/^    version("\(.*\)")$/\1/p' "$ROOT/packaging/spack/packages/lambert/package.py")"
is packaging/easybuild "$(sed -n "s/^version = '\(.*\)'$/\1/p" "$ROOT"/packaging/easybuild/*.eb)"
is packaging/apptainer "$(sed -n 's/^    Version //p' "$ROOT/packaging/apptainer/lambert.def")"
[ -e "$ROOT/packaging/easybuild/Lambert-$version-foss-2023a.eb" ] || fail "the .eb has another version in its name"
grep -q "lambert-$version.tar.gz" "$ROOT/packaging/apptainer/lambert.def" || fail "lambert.def takes another tarball"
for folder in "$version" "$version-task"; do
    [ -s "$ROOT/tests/golden/files/$folder/step-00000002.checkpoint" ] ||
        fail "tests/golden/files has nothing of this version: scripts/record-files"
done
