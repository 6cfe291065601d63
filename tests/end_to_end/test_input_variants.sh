#!/bin/sh
# Compressed and encoded files, whole and damaged, of many sizes: prep reads what Python reads, and refuses what
# Python refuses. make check-numerics tries hundreds.
. "$(dirname "$0")/../lib.sh"
python3 "$ROOT/scripts/numerics/inputs.py" "$BUILD" 15 3
