#include "lambert/sample/mixed_sampler.h"

#include <stdlib.h>
#include <string.h>

#include "lambert/base/memory.h"

struct mixed_sampler {
    struct mixture mixture;
    struct sampler *parts[MIXTURE_MOST]; /* [mixture.count] */
};

struct mixed_sampler *mixed_sampler_new(struct sampler *const *parts, const struct mixture *mixture)
{
    struct mixed_sampler *sampler = memory_new(1, sizeof *sampler);
    sampler->mixture = *mixture;
    memcpy(sampler->parts, parts, (size_t)mixture->count * sizeof *parts);
    return sampler;
}

void mixed_sampler_free(struct mixed_sampler *sampler)
{
    if (!sampler)
        return;
    for (int p = 0; p < sampler->mixture.count; p++)
        sampler_free(sampler->parts[p]);
    free(sampler);
}

int mixed_sampler_parts(const struct mixed_sampler *sampler)
{
    return sampler->mixture.count;
}

void mixed_sampler_set_parallel(struct mixed_sampler *sampler, bool parallel)
{
    for (int p = 0; p < sampler->mixture.count; p++)
        sampler_set_parallel(sampler->parts[p], parallel);
}

void mixed_sampler_go_to(struct mixed_sampler *sampler, uint64_t index)
{
    struct sample_plan plan;
    for (int p = 0; p < sampler->mixture.count; p++)
        sampler_plan(sampler->parts[p], mixture_count(&sampler->mixture, p, index), &plan, NULL);
}

uint64_t mixed_sampler_epoch_samples(struct mixed_sampler *sampler, int part, uint32_t epoch)
{
    require(part >= 0 && part < sampler->mixture.count);
    return sampler_epoch_samples(sampler->parts[part], epoch);
}

struct part_progress mixed_sampler_progress(struct mixed_sampler *sampler, int part,
                                            uint64_t samples)
{
    require(part >= 0 && part < sampler->mixture.count);
    const uint64_t own = mixture_count(&sampler->mixture, part, samples);
    return (struct part_progress){.samples = own,
                                  .epochs = sampler_epochs(sampler->parts[part], own)};
}

void mixed_sampler_plan(struct mixed_sampler *sampler, uint64_t index, struct sample_plan *plan,
                        int *part, uint32_t *epoch)
{
    const struct mixture_place place = mixture_find(&sampler->mixture, index);
    sampler_plan(sampler->parts[place.part], place.index, plan, epoch);
    plan->index = index;
    if (part)
        *part = place.part;
}

int mixed_sampler_damage(const struct mixed_sampler *sampler, struct error *err)
{
    for (int p = 0; p < sampler->mixture.count; p++)
        if (sampler_damage(sampler->parts[p], err) < 0)
            return -1;
    return 0;
}

int mixed_sampler_fill(struct mixed_sampler *sampler, const struct sample_plan *plan,
                       struct packed_batch *batch, struct error *err)
{
    const struct mixture_place place = mixture_find(&sampler->mixture, plan->index);
    return sampler_fill(sampler->parts[place.part], plan, batch, err);
}

const uint8_t *mixed_sampler_begins_word(const struct mixed_sampler *sampler, int part)
{
    require(part >= 0 && part < sampler->mixture.count);
    return sampler_begins_word(sampler->parts[part]);
}
