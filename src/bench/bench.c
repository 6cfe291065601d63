#include "lambert/bench/bench.h"

#include "bench_tools.h"

const struct command command_bench = {
    .name = "bench",
    .summary = "measure how fast this machine does the work",
    .examples = "lambert bench prep --vocabulary vocab.txt texts/\n",
    .commands = (const struct command *const[]){&command_bench_kernels, &command_bench_model,
                                                &command_bench_net, &command_bench_prep,
                                                &command_bench_store, NULL}};
