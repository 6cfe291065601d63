#!/bin/sh
# What train says at its start of the machine: threads, cores and binding, whose matrix products, the
# row kernels, the BLAS, the memory it will take; its warnings of threads that have to take turns and of
# ranks that differ in kernels; and at the end of each phase, who made the products.
. "$(dirname "$0")/../lib.sh"
make_corpus
unset LAMBERT_ISA LAMBERT_GEMM

# begin [VARIABLE=VALUE]... COMMAND...: train's first words into log.txt; of a configuration with $words
words=""
begin() {
    rm -rf run
    env "$@" train "$ROOT/configs/tiny.ini" data.corpus=corpus run.folder=run phase.one.steps=1 \
        phase.two.steps=1 $words >log.txt 2>&1 || { cat log.txt >&2; fail "train, $*"; }
}

# says PATTERN, says_not PATTERN: grep -E in log.txt
says() {
    grep -qE -- "$1" log.txt || { cat log.txt >&2; fail "train did not say '$1'"; }
}
says_not() {
    ! grep -E -- "$1" log.txt >&2 || fail "train said '$1'"
}

# The parts of the memory plan, rounded to megabytes each, are the sum it gives.
adds_up() {
    sed -n 's/^memory a rank: //p' log.txt | awk '{
        while (match($0, /[0-9]+ MB( in all)?/)) {
            word = substr($0, RSTART, RLENGTH); parts++
            if (word ~ /all/) total = word + 0; else sum += word
            $0 = substr($0, RSTART + RLENGTH)
        } } END { exit !(parts >= 8 && sum - total <= parts / 2 && total - sum <= parts / 2) }' ||
        { cat log.txt >&2; fail "the memory plan does not add up"; }
}

core=$(taskset -cp $$ | sed 's/.*: //; s/[-,].*//')
siblings=$(cat "/sys/devices/system/cpu/cpu$core/topology/thread_siblings_list" 2>/dev/null || echo "$core")
cpus=$(getconf _NPROCESSORS_ONLN) cores=$(machine_cores)
units="(cores|hardware threads)"

begin OMP_NUM_THREADS=1 taskset -c "$core" "$LAMBERT"
says "rank 0: .*, 1 of $cpus $units \($core\), 1 thread\(s\)"
says "matrix products: .*; row kernels: [a-z0-9-]+; BLAS: [^ ;]+"
says_not "take turns"

begin OMP_NUM_THREADS=2 taskset -c "$core" "$LAMBERT"
says "warning: 2 threads on 1 bound core\(s\) \($core\): they will take turns.* run.threads=1"
# A wider binding is advised only where the machine has a core for each thread.
[ "$cores" = 1 ] || says "\(mpirun (--map-by ppr:1:node:PE=2 --bind-to core|-ppn 1 -bind-to core:2), or --?bind-to none; under Slurm --cpus-per-task=2\)"
begin OMP_NUM_THREADS=$((cores + 1)) taskset -c "$core" "$LAMBERT"
says "warning: $((cores + 1)) threads on 1 bound core\(s\) \($core\): they will take turns\. Set run.threads=1$"

# Variables of OpenMP: all cores that the process was given, on as many threads as are announced, or a warning.
unset OMP_NUM_THREADS
for variables in OMP_PROC_BIND=true "OMP_PROC_BIND=close OMP_PLACES=cores" "OMP_PLACES={0}" GOMP_CPU_AFFINITY=0 \
    OMP_MAX_ACTIVE_LEVELS=0 OMP_DYNAMIC=true; do
    begin $variables mpirun --bind-to none -n 1 "$LAMBERT"
    says "rank 0: .*, $cpus of $cpus $units .*, $cores thread\(s\)"
    says_not "warning: .*(turns|idle)"
done
begin OMP_PROC_BIND=true OMP_NUM_THREADS="$cores" mpirun --bind-to none -n 1 "$LAMBERT"
says "^not followed, .*: OMP_PROC_BIND$"
says_not "take turns"
if [ "$cores" -gt 1 ]; then
    begin OMP_THREAD_LIMIT=1 mpirun --bind-to none -n 1 "$LAMBERT"
    says "warning: OMP_THREAD_LIMIT allows no more than 1 thread\(s\)"
    says ", 1 thread\(s\)$"
    begin OMP_NUM_THREADS=1 mpirun --bind-to none -n 1 "$LAMBERT"
    says "warning: OMP_NUM_THREADS lets $((cores - 1)) of the $cores cores idle"

    # Ranks that hold fewer cores than there are, and the line that they should have been started with.
    begin mpirun -n 1 --bind-to core "$LAMBERT"
    says "warning: the 1 rank\(s\) of this machine hold 1 of its $cores cores, .*"
    line=$(sed -n 's/.*them: mpirun \([^,]*\), or.*/\1/p' log.txt)
    begin mpirun $line "$LAMBERT"
    says "rank 0: .*, $cpus of $cpus $units .*, $cores thread\(s\)"
    says_not "warning"
fi
too_many=$((8 * cpus + 1))
expect 1 "run.threads=$too_many is more than 8 threads for each of this machine's $cpus core" \
    "$LAMBERT" train "$ROOT/configs/tiny.ini" data.corpus=corpus run.folder=run run.threads=$too_many
expect 1 "OMP_NUM_THREADS=$too_many is more than" env OMP_NUM_THREADS=$too_many "$LAMBERT" vocab --output v.txt --size 100 text.txt
# Fewer addresses than are wanted: a sentence, whether libraries, threads or arrays miss them, and never a bug.
for kilobytes in 200000 350000 390000 520000 700000 900000 1000000; do
    rm -rf run
    code=0
    # shellcheck disable=SC3045 # every sh that is used has it
    (ulimit -v $kilobytes && exec timeout 60 "$LAMBERT" train "$ROOT/configs/tiny.ini" data.corpus=corpus run.folder=run \
        phase.one.steps=1 phase.two.steps=1) >log.txt 2>&1 || code=$?
    [ $code = 0 ] || { [ $code = 1 ] && grep -qE "error: |libgomp: " log.txt && ! grep -q "bug at" log.txt; } ||
        fail "with $kilobytes kB of addresses, exit code $code: $(tail -n 5 log.txt)"
done
# shellcheck disable=SC3045
(ulimit -v 200000 && exec "$LAMBERT" --version) 2>err.txt && fail "200 MB of addresses were enough"
grep -q "^error: the limit of addresses (ulimit -v)" err.txt || fail "$(cat err.txt)"
export OMP_NUM_THREADS=1

# The plan has the batches: by what it says more of a global batch of 65,536, more is taken at most, and not much less.
cat >batches.py <<'PYTHON'
import re, resource, subprocess, sys
def run(batch):
    log = subprocess.run(sys.argv[1:] + ["run.folder=run-%d" % batch, "phase.one.global_batch=%d" % batch],
                         check=True, stderr=subprocess.PIPE, text=True).stderr
    planned = int(re.search(r"batches ([0-9]+) MB", log)[1])
    return planned, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024 / 1e6
few, many = run(16), run(65536)
planned, taken = many[0] - few[0], many[1] - few[1]
print("of a global batch of 65536, %d MB are planned and %.1f MB taken" % (planned, taken))
sys.exit(not planned / 3 <= taken <= planned * 1.1)
PYTHON
[ -n "${LAMBERT_SANITIZED:-}" ] || python3 batches.py "$LAMBERT" train "$ROOT/configs/tiny.ini" data.corpus=corpus \
    run.threads=1 phase.one.steps=1 phase.two.steps=1 || fail "the plan forgets batches"

hydra && binding=core || binding=core:overload-allowed
begin OMP_NUM_THREADS=1 mpirun -n 2 --bind-to $binding "$LAMBERT"
says "2 rank\(s\) on 1 node\(s\).* of $cpus $units \($siblings\), 1 thread\(s\)"

# More threads than the machine has cores, though each rank has enough of them.
begin OMP_NUM_THREADS="$cpus" mpirun -n 2 --bind-to none "$LAMBERT"
says "warning: 2 ranks of $cpus threads on a machine of $cpus cores: they will take turns"

begin OMP_NUM_THREADS=1 LAMBERT_ISA=plain "$LAMBERT"
says "matrix products: the BLAS's; row kernels: plain"
says "^phase one, matrix products: 100.00% by BLAS on float32$"

begin OMP_NUM_THREADS=1 LAMBERT_GEMM=blas "$LAMBERT"
says "matrix products: the BLAS's; row kernels: "
says "matrix products 0 MB"
adds_up

words="train.compute_type=bfloat16 train.recompute=1"
begin OMP_NUM_THREADS=1 LAMBERT_ISA=plain "$LAMBERT"
says "matrix products: the BLAS's, in bfloat16 by BLAS on rounded operands \(float32 [0-9.]+ GFLOP/s a core"
says "; chosen by LAMBERT_ISA\); row kernels: plain"
says "activations [0-9]+ MB \(operands in bfloat16\) \(of every 1 layers one input\), "
says "^phase two, matrix products: 100.00% by BLAS on bfloat16$"
adds_up
begin OMP_NUM_THREADS=1 "$LAMBERT"
says "matrix products: .*, in bfloat16 by .* \([^)]* GFLOP/s a core[^)]*\); row kernels: "
says_not "chosen by LAMBERT_ISA"
words=""

if grep -q avx2 /proc/cpuinfo; then
    begin OMP_NUM_THREADS=1 LAMBERT_ISA=v3 "$LAMBERT"
    says "matrix products: Lambert's own, by AVX2; row kernels: v3"
    says "matrix products [1-9][0-9]* MB"
    says "^phase one, matrix products: 100.00% by AVX2 on float32$"
    adds_up

    # Ranks on CPUs of two kinds.
    cat >one-is-plain <<'END'
#!/bin/sh
[ "${OMPI_COMM_WORLD_RANK-$PMI_RANK}" = 2 ] && isa=plain || isa=v3
LAMBERT_ISA=$isa exec "$@"
END
    chmod +x one-is-plain
    begin OMP_NUM_THREADS=1 mpirun -n 3 ./one-is-plain "$LAMBERT"
    says "warning: 1 of 3 ranks compute with other kernels than rank 0 \(v3, products by AVX2\), the first \
of them rank 2 \(plain, products by BLAS\)"
    says "^phase two, matrix products: [0-9.]+% by AVX2 on float32, [0-9.]+% by BLAS on float32$"
    begin OMP_NUM_THREADS=1 mpirun -n 2 "$LAMBERT"
    says_not "other kernels"
fi
