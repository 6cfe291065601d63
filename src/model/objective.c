#include "lambert/model/objective.h"

#include "lambert/base/memory.h"

static const struct objective *const pretraining[PRETRAINING_OBJECTIVES] = {
    [PRETRAINING_MLM] = &objective_mlm, [PRETRAINING_NSP] = &objective_nsp};

struct objective_list objective_list_of(const struct bert_config *config)
{
    require(config->objective_count <= OBJECTIVE_MOST);
    return config->objective_count > 0
               ? (struct objective_list){config->objectives, config->objective_count}
               : (struct objective_list){pretraining, PRETRAINING_OBJECTIVES};
}

bool objective_list_reads(const struct objective_list *list, enum objective_rows rows)
{
    for (int o = 0; o < list->count; o++)
        if (list->rows[o]->rows == rows)
            return true;
    return false;
}

int objective_rows_read(const struct objective *objective, int tokens, int sequences, int labelled)
{
    const int counts[] = {[OBJECTIVE_CLS] = sequences,
                          [OBJECTIVE_POOLED] = sequences,
                          [OBJECTIVE_LABELLED] = labelled,
                          [OBJECTIVE_ALL] = tokens};
    return counts[objective->rows];
}
