#include "lambert/corpus/sample_totals.h"

#include <stddef.h>

enum rule { SUM, LEAST, MOST };

static const struct {
    const char *name;
    size_t offset;
    enum rule rule;
} fields[] = {
    {"samples", offsetof(struct sample_totals, samples), SUM},
    {"shortest", offsetof(struct sample_totals, shortest), LEAST},
    {"longest", offsetof(struct sample_totals, longest), MOST},
    {"masks", offsetof(struct sample_totals, masks), SUM},
    {"most_masks", offsetof(struct sample_totals, most_masks), MOST},
    {"mask_tokens", offsetof(struct sample_totals, mask_tokens), SUM},
    {"masks_per_1000_tokens", offsetof(struct sample_totals, masks_per_1000_tokens), MOST},
    {"next", offsetof(struct sample_totals, next), SUM},
    {"random", offsetof(struct sample_totals, random), SUM},
};

const int sample_totals_fields = sizeof fields / sizeof fields[0];

const char *sample_totals_name(int field)
{
    return fields[field].name;
}

uint64_t *sample_totals_field(struct sample_totals *totals, int field)
{
    return (uint64_t *)(void *)((char *)totals + fields[field].offset);
}

void sample_totals_add(struct sample_totals *into, const struct sample_totals *part)
{
    struct sample_totals copy = *part;
    if (part->samples == 0)
        return;
    for (int f = 0; f < sample_totals_fields; f++) {
        uint64_t *sum = sample_totals_field(into, f), value = *sample_totals_field(&copy, f);
        if (fields[f].rule == SUM)
            *sum += value;
        else if (*sum == 0 || (fields[f].rule == LEAST ? value < *sum : value > *sum))
            *sum = value;
    }
}

void sample_totals_count(struct sample_totals *totals, const struct ready_sample *sample,
                         int32_t mask_id)
{
    struct sample_totals one = {.samples = 1,
                                .shortest = sample->tokens,
                                .longest = sample->tokens,
                                .masks = sample->masks,
                                .most_masks = sample->masks,
                                .masks_per_1000_tokens =
                                    (UINT64_C(1000) * sample->masks + sample->tokens - 1) /
                                    sample->tokens,
                                .next = sample->next_sentence_label == 0,
                                .random = sample->next_sentence_label == 1};
    for (uint32_t m = 0; m < sample->masks; m++)
        one.mask_tokens += sample->ids[sample->positions[m]] == mask_id;
    sample_totals_add(totals, &one);
}
