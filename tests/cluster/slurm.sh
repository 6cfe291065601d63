# Sourced after lib.sh: a Slurm on its hosts, without systemd and outside /etc.
#
#     hosts_up 4 ...; slurm_up "h1 h2 h3"     # slurmctld on h0, a slurmd on each of the others
#     in_host h0 sbatch ...
#
# All of it is in the folder slurm; slurm/*.log are the daemons' logs.

for tool in slurmctld slurmd sbatch munged; do
    command -v $tool >/dev/null || skip "no Slurm on this machine: there is no $tool"
done
[ "$(id -u)" = 0 ] && [ "$(awk '{ print $3 }' /proc/self/uid_map)" -gt 1 ] ||
    skip "Slurm's daemons want to be root outside a user namespace too"

export SLURM_CONF=$WORK/slurm/slurm.conf

# A node is down when it has not answered for 20 s; a job that was requeued waits for its old credential
# to expire (120 s by default).
slurm_conf() {
    cat <<CONF
ClusterName=test
SlurmctldHost=h0
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket=$WORK/slurm/munge.socket,cred_expire=5
StateSaveLocation=$WORK/slurm/state
SlurmdSpoolDir=$WORK/slurm/spool.%n
SlurmctldPidFile=$WORK/slurm/slurmctld.pid
SlurmdPidFile=$WORK/slurm/slurmd.%n.pid
SlurmctldLogFile=$WORK/slurm/slurmctld.log
SlurmdLogFile=$WORK/slurm/slurmd.%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerParameters=sched_interval=2,bf_interval=2
ReturnToService=2
SlurmdTimeout=20
KillWait=5
JobRequeue=1
PropagateResourceLimits=NONE
SlurmdParameters=config_overrides
NodeName=$(echo "$1" | tr ' ' ,) CPUs=2 CoresPerSocket=2 RealMemory=1000 State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
CONF
}

# slurm_up NODES
slurm_up() {
    mkdir -p slurm/state
    chmod 755 "$WORK" "$WORK/.." # munged wants no one else to be able to write there
    slurm_conf "$1" >slurm/slurm.conf
    echo "CgroupPlugin=cgroup/v1" >slurm/cgroup.conf # it would look for cgroups otherwise
    echo "PMIxCliTmpDirBase=/dev/shm" >slurm/mpi.conf # which is each host's own, as /tmp is not here
    (umask 077 && head -c 128 /dev/urandom >slurm/munge.key)
    munged --key-file="$WORK/slurm/munge.key" --socket="$WORK/slurm/munge.socket" \
        --pid-file="$WORK/slurm/munged.pid" --seed-file="$WORK/slurm/munge.seed" \
        --log-file="$WORK/slurm/munged.log" || fail "munged: $(cat slurm/munged.log)"
    in_host h0 slurmctld || fail "slurmctld: $(tail -n 5 slurm/slurmctld.log)"
    for node in $1; do
        in_host "$node" slurmd -N "$node" || fail "slurmd: $(tail -n 5 "slurm/slurmd.$node.log")"
    done
    wait_for 30 slurm/slurmctld.log "idle nodes" slurm_idle "$(echo "$1" | wc -w)"
}

slurm_idle() {
    [ "$(in_host h0 sinfo --noheader --states=idle --format=%D 2>/dev/null)" = "$1" ]
}

# job_field FIELD JOB: as scontrol shows it
job_field() {
    in_host h0 scontrol --oneliner show job "$2" | tr ' ' '\n' | sed -n "s/^$1=//p" | head -n 1
}
