# Sourced by the tests of this folder in the place of ../lib.sh: hosts of their own on this machine.
# Each host is a network namespace with an address, a host name, /dev/shm and System V memory of its
# own, so MPI takes them for different nodes; switch.c and tc join them.
#
# The whole test runs in a PID, network and mount namespace: whatever happens to it, the kernel ends
# every process in there, and every interface goes with the last one. The machine's own network is
# never touched. Where namespaces may not be made the test says "skipped: ..." and exits with 0;
# scripts/run-tests counts it so.
#
#     . "$(dirname "$0")/lib.sh"
#     hosts_up 4 100 1gbit        # h0 to h3, 10.77.0.10 to .13; 100 microseconds each way, a rate
#     in_host h1 COMMAND...       # as ssh would, arguments kept
#     on_hosts FILE COMMAND...    # a rank a slot of the hostfile
#     host_cut h3                 # its link goes down
#     host_kill h3 PATTERN        # SIGKILL to h3's processes of that name (pgrep -x; .* for all)
set -eu

skip() {
    echo "skipped: $*"
    exit 0
}

# Tried before anything else: all that hosts_up needs.
namespaces() {
    for tool in ip tc unshare nsenter setpriv; do
        command -v $tool >/dev/null || { echo "there is no $tool"; return 1; }
    done
    # shellcheck disable=SC2086
    unshare $1 --net --uts --ipc --mount --pid --fork --kill-child --mount-proc sh -c '
        unshare --net --uts sh -c "hostname h0" &&
        ip link add sw0 type veth peer name sw1 && tc qdisc add dev sw0 root tbf \
            rate 1gbit burst 256k latency 20ms' 2>&1
}

# The test again, as process 1 of namespaces of its own. To end that process is to end all of them:
# so do a signal, which the test itself might wait long to notice, and even SIGKILL to this shell.
run_inside() {
    TMPDIR=$(mktemp -d "${TMPDIR:-/tmp}/lambert-cluster.XXXXXX")
    inside=
    trap 'rm -rf "$TMPDIR"' EXIT
    # Its child is process 1; unshare ends when all have ended.
    trap 'pkill -KILL -P $inside || kill -KILL $inside; wait $inside; exit 143' HUP INT TERM
    # shellcheck disable=SC2086
    LAMBERT_TEST_INSIDE=yes TMPDIR=$TMPDIR setsid setpriv --pdeathsig KILL \
        unshare $how --net --uts --ipc --mount --pid --fork --kill-child --mount-proc sh "$0" "$@" &
    inside=$!
    code=0
    wait $inside || code=$?
    exit $code
}

if [ "${LAMBERT_TEST_INSIDE:-}" = "" ]; then
    # Without root a user namespace gives the same rights inside, where the system allows it.
    how=
    [ "$(id -u)" = 0 ] || how=--map-root-user
    why=$(namespaces "$how") || skip "no network namespaces on this machine: $(echo "$why" | head -n 1)"
    run_inside "$@"
fi

. "$(dirname "$0")/../../tests/lib.sh" # whose script may lie in scripts/scaling
trap - EXIT # run_inside removes the folder when nobody writes into it any more
CLUSTER=$ROOT/tests/cluster
export HOSTS=$WORK/hosts # for rsh, wherever mpirun calls it
mkdir "$HOSTS"
ip link set lo up
export OMP_NUM_THREADS=1 # each host takes all cores of the machine for its own

# wait_for SECONDS LOG WHAT COMMAND...: until the command succeeds; or else the log's end is shown
wait_for() {
    wait_seconds=$1 wait_log=$2 wait_what=$3
    shift 3
    wait_until "$wait_seconds" "$@" || { tail -n 40 "$wait_log"; fail "after a long wait: no $wait_what"; }
}

in_host() {
    in_host_pid=$(cat "$HOSTS/$1.pid")
    shift
    # nsenter leaves one in /
    nsenter --target "$in_host_pid" --net --uts --ipc --mount \
        sh -c 'cd "$1" && shift && exec "$@"' in_host "$PWD" "$@"
}

host_address() {
    echo "10.77.0.$((10 + ${1#h}))"
}

host_up() {
    unshare --net --uts --ipc --mount --propagation private sh -c '
        hostname "$1" && mount --bind "$HOSTS/etc-hosts" /etc/hosts && mount -t tmpfs tmpfs /dev/shm &&
        : >"$HOSTS/$1.ready" && exec sleep infinity' host_up "$1" &
    echo $! >"$HOSTS/$1.pid"
    wait_for 10 /dev/null "host $1" [ -e "$HOSTS/$1.ready" ]
    ip link add "sw${1#h}" type veth peer name eth0 netns "$(cat "$HOSTS/$1.pid")"
    ip link set "sw${1#h}" up
    in_host "$1" ip link set lo up
    in_host "$1" ip address add "$(host_address "$1")/24" dev eth0
    in_host "$1" ip link set eth0 up
}

# hosts_rate RATE: of every link, in both directions, as tc writes it
hosts_rate() {
    for host in $host_names; do
        in_host "$host" tc qdisc replace dev eth0 root tbf rate "$1" burst 256k latency 20ms
        tc qdisc replace dev "sw${host#h}" root tbf rate "$1" burst 256k latency 20ms
    done
}

# hosts_up COUNT DELAY RATE: DELAY in microseconds each way
hosts_up() {
    host_names='' switch_ports=''
    echo "127.0.0.1 localhost" >"$HOSTS/etc-hosts"
    for number in $(seq 0 $(($1 - 1))); do
        host_names="$host_names h$number" switch_ports="$switch_ports sw$number"
        echo "$(host_address h$number) h$number" >>"$HOSTS/etc-hosts"
    done
    for host in $host_names; do
        host_up "$host"
    done
    hosts_rate "$3"
    : >"$HOSTS/switch.log"
    # shellcheck disable=SC2086
    "$BUILD/tests/cluster/switch" "$2" $switch_ports >"$HOSTS/switch.log" 2>&1 &
    # shellcheck disable=SC2034 # measure_training.sh reads it
    switch_process=$!
    wait_for 10 "$HOSTS/switch.log" switch grep -q ready "$HOSTS/switch.log"
}

# on_hosts HOSTFILE WORDS...: mpirun from h0 with these options and program, as docs/cluster.md says it,
# rsh in the place of ssh
on_hosts() {
    on_hosts_file=$1
    shift
    TMPDIR=/dev/shm in_host h0 mpirun --mca plm_rsh_agent "$CLUSTER/rsh" \
        --tune "$ROOT/configs/openmpi.conf" --mca btl_tcp_if_include 10.77.0.0/24 \
        --mca oob_tcp_if_include 10.77.0.0/24 --hostfile "$on_hosts_file" "$@"
}

host_cut() {
    ip link set "sw${1#h}" down
}

# host_processes HOST NAME: those of that name (pgrep -x) but the one that holds the namespaces
host_processes() {
    pgrep --ns "$(cat "$HOSTS/$1.pid")" --nslist net -x "$2" | grep -vx "$(cat "$HOSTS/$1.pid")" || true
}

host_kill() {
    # shellcheck disable=SC2046
    kill -KILL $(host_processes "$1" "$2")
}

# link_check DELAY MEGABITS: a round trip from h0 to h1 takes two delays or more, and a stream does
# not pass faster than the rate.
link_check() {
    in_host h1 python3 "$CLUSTER/link.py" serve &
    server=$!
    in_host h0 python3 "$CLUSTER/link.py" measure "$(host_address h1)" "$1" "$2"
    wait $server
}

# same_losses WANTED SEEN: step by step, to rounding, in the metrics of two run folders
same_losses() {
    for name in mlm_loss nsp_loss; do
        field $name "$1" >wanted.txt
        field $name "$2" >seen.txt
        agree 1e-3 wanted.txt seen.txt || fail "$2: $name is not that of $1"
    done
}
