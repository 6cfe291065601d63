# Sourced by what starts mpirun on a small machine: 1 to 4 ranks on 2 cores, as root or not. With BUILD, the build
# folder, mpirun is from here on that of the MPI which it was built with (make MPI=NAME).
[ ! -d "${BUILD:-}/launcher" ] || PATH=$(cd "$BUILD/launcher" && pwd):$PATH
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 # mpirun refuses root without both
export OMPI_MCA_rmaps_base_oversubscribe=1        # more ranks than cores, as mpirun --oversubscribe
export OMPI_MCA_hwloc_base_binding_policy=none    # two jobs at once would bind to the same cores
export OMPI_MCA_mpi_yield_when_idle=1             # a waiting rank lets another use the core
export OMPI_MCA_btl_vader_single_copy_mechanism=none # containers forbid reading another process
