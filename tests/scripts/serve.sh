# shellcheck shell=sh
# Sourced by tests that download, after tests/lib.sh: serves the folder `www` of the test's folder on
# loopback until the test ends. URL is its address; requests.log says what was asked for.
mkdir -p www
mkfifo end_of_server
python3 "$ROOT/tests/scripts/serve.py" www requests.log port <end_of_server &
exec 9>end_of_server
export no_proxy=127.0.0.1
for _ in $(seq 100); do
    [ -e port ] && break
    sleep 0.1
done
URL=http://127.0.0.1:$(cat port)
export URL
