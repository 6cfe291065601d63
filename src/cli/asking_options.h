/* What commands that ask a pre-trained model have in common: which one, and what to compute with. */
#ifndef LAMBERT_CLI_ASKING_OPTIONS_H
#define LAMBERT_CLI_ASKING_OPTIONS_H

#include "lambert/base/float16.h"
#include "lambert/command/option.h"
#include "lambert/dist/dist.h"
#include "lambert/run/base_model.h"

enum asking_type { ASKING_TYPE_OF_MODEL, ASKING_FLOAT32, ASKING_BFLOAT16 };

static const char *const asking_type_names[] = {
    [ASKING_TYPE_OF_MODEL] = "model", [ASKING_FLOAT32] = "float32", [ASKING_BFLOAT16] = "bfloat16"};

struct asking_options {
    const char *model;
    enum asking_type compute_type;
    int threads;
};

/* clang-format off */
#define OPTION_ASKED_MODEL(type, member)                                                           \
    .name = "model", .kind = OPTION_TEXT, OPTION_PLACE(type, member.model), .metavar = "PATH",     \
    .completion = COMPLETE_FILES

#define OPTION_ASKING(type, member)                                                                \
    {.name = "compute-type", .kind = OPTION_CHOICE, OPTION_PLACE(type, member.compute_type),       \
     OPTION_CHOICES(asking_type_names), .metavar = "TYPE",                                         \
     .help = "of the matrix products; model: as it was trained"},                                  \
    {.name = "threads", .kind = OPTION_INTEGER, OPTION_PLACE(type, member.threads), .max = 4096,   \
     .metavar = "N", .standard = "the cores it is bound to", .help = "of a rank"}

#define OPTION_MICRO_BATCH(type, member)                                                           \
    {.name = "micro-batch-tokens", .kind = OPTION_INTEGER, OPTION_PLACE(type, member), .min = 1,   \
     .max = 16777216, .metavar = "N", .help = "tokens computed at once"}
/* clang-format on */

/* Collective. The kernels of this CPU, and the threads of a rank: before anything is computed. */
int start_asking(const struct dist *dist, const struct asking_options *options, struct error *err);

/* The longest sequence: what --sequence-length says, 0: the model's own; fails where the model has not so many
 * positions. */
int asking_length(const struct asking_options *options, const struct base_model *base, int given,
                  int *length, struct error *err);

/* of_model: what it was trained in. */
static inline enum float_type asking_type_of(const struct asking_options *options,
                                             enum float_type of_model)
{
    return options->compute_type == ASKING_TYPE_OF_MODEL ? of_model
           : options->compute_type == ASKING_FLOAT32     ? TYPE_FLOAT32
                                                         : TYPE_BFLOAT16;
}

#endif
