#include "lambert/trainer/replay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lambert/base/hash.h"
#include "lambert/base/log.h"
#include "lambert/base/memory.h"
#include "lambert/dist/partners.h"
#include "lambert/dist/probe.h"
#include "lambert/kernels/blas.h"
#include "lambert/kernels/gemm.h"
#include "lambert/kernels/kernels.h"

struct replay {
    const struct dist *dist;
    uint64_t *kinds; /* [ranks] hashes of their kernels */
    int *machines;   /* [ranks] */
    struct partners partners;
    struct packed_batch theirs; /* sequences: 0 where there is nothing to compute again */
    bool theirs_last;
    int sequences;   /* of this rank's micro-batch that is checked; 0: there is none */
    uint64_t sample; /* the first of them */
    struct result_hashes of_theirs, of_mine;
    struct buffer out, in;
    struct buffer differences;
};

/* --- set-up ----------------------------------------------------------------------------------- */

/* Ranks with the same one compute the same bits. */
static uint64_t kernels_hash(enum float_type compute_type)
{
    struct blas_info blas = {0};
    char text[512];
    if (gemm_is_blas())
        blas_describe(&blas);
    snprintf(text, sizeof text, "%s, %s, %s, %s", kernels->name, gemm_maker(compute_type),
             blas.library, blas.core);
    return hash_bytes(text, strlen(text));
}

static struct partners partners_in(const struct replay *replay, int rank, int64_t turn)
{
    return partners_of(replay->kinds, replay->machines, dist_size(replay->dist), rank, turn);
}

static void announce(const struct replay *replay)
{
    const int ranks = dist_size(replay->dist);
    int machines = 0, alone = 0, stay = 0;
    if (dist_rank(replay->dist) != 0)
        return;
    for (int r = 0; r < ranks; r++) {
        const int checker = partners_in(replay, r, 0).checker;
        machines += replay->machines[r] == r;
        alone += checker == r;
        stay += checker != r && replay->machines[checker] == replay->machines[r];
    }
    if (alone > 0)
        log_warning(
            "replays: %d of %d ranks have nobody with the same kernels and compute their own "
            "micro-batches twice, which finds a fault that comes and goes, but none that stays",
            alone, ranks);
    if (stay > 0 && machines > 1)
        log_warning(
            "replays: %d of %d ranks are checked on their own machines, for the others have not as many "
            "ranks with the same kernels",
            stay, ranks);
}

void replay_new(struct replay **out, const struct dist *dist, const struct param_table *table,
                enum float_type compute_type)
{
    const size_t ranks = (size_t)dist_size(dist);
    struct replay *replay = memory_new(1, sizeof *replay);
    *replay = (struct replay){.dist = dist,
                              .kinds = memory_new(ranks, sizeof *replay->kinds),
                              .machines = memory_new(ranks, sizeof *replay->machines)};
    replay->kinds[dist_rank(dist)] = kernels_hash(compute_type);
    dist_sum_u64(dist, replay->kinds, dist_size(dist));
    probe_nodes(dist, replay->machines);
    packed_batch_init(&replay->theirs);
    result_hashes_init(&replay->of_theirs, table);
    result_hashes_init(&replay->of_mine, table);
    announce(replay);
    *out = replay;
}

void replay_free(struct replay *replay)
{
    if (!replay)
        return;
    free(replay->kinds);
    free(replay->machines);
    packed_batch_release(&replay->theirs);
    result_hashes_release(&replay->of_theirs);
    result_hashes_release(&replay->of_mine);
    buffer_release(&replay->out);
    buffer_release(&replay->in);
    buffer_release(&replay->differences);
    free(replay);
}

/* --- a replay --------------------------------------------------------------------------------- */

void replay_begin(struct replay *replay, int64_t turn, const struct packed_batch *mine, bool last)
{
    struct byte_reader reader;
    replay->partners = partners_in(replay, dist_rank(replay->dist), turn);
    replay->sequences = mine ? mine->sequences : 0;
    replay->sample = replay->sequences > 0 ? mine->sample_index[0] : 0;
    buffer_reset(&replay->out);
    buffer_reset(&replay->in);
    if (replay->sequences > 0) {
        buffer_put_u32(&replay->out, last);
        packed_batch_write(mine, &replay->out);
    }
    dist_pass(replay->dist, replay->partners.checker, replay->out.data, replay->out.size,
              replay->partners.checked, &replay->in);
    packed_batch_reset(&replay->theirs);
    if (replay->in.size == 0)
        return;
    byte_reader_init(&reader, replay->in.data, replay->in.size);
    replay->theirs_last = byte_reader_u32(&reader) != 0;
    packed_batch_read(&replay->theirs, &reader);
}

const struct packed_batch *replay_theirs(const struct replay *replay, bool *last)
{
    *last = replay->theirs_last;
    return replay->theirs.sequences > 0 ? &replay->theirs : NULL;
}

struct result_hashes *replay_hashes_of_theirs(struct replay *replay)
{
    return &replay->of_theirs;
}

struct result_hashes *replay_hashes_of_mine(struct replay *replay)
{
    return &replay->of_mine;
}

/* What the checker sends to the owner: its host, and behind it its hashes. */
static void pass_results(struct replay *replay)
{
    const struct result_hashes *hashes = &replay->of_theirs;
    char host[HOST_NAME_ROOM] = "";
    host_name(host);
    buffer_reset(&replay->out);
    buffer_reset(&replay->in);
    buffer_put(&replay->out, host, sizeof host);
    buffer_put(&replay->out, hashes->values,
               (size_t)result_hashes_count(hashes->table) * sizeof *hashes->values);
    dist_pass(replay->dist, replay->partners.checked, replay->out.data, replay->out.size,
              replay->partners.checker, &replay->in);
}

/* Of this rank's micro-batch; true where it is one. */
static bool is_different(struct replay *replay, struct replay_difference *difference)
{
    const struct param_table *table = replay->of_mine.table;
    struct result_hashes again;
    if (replay->sequences == 0)
        return false;
    result_hashes_init(&again, table);
    memcpy(again.values, replay->in.data + HOST_NAME_ROOM,
           (size_t)result_hashes_count(table) * sizeof *again.values);
    const struct result_difference result = result_hashes_compare(&replay->of_mine, &again);
    result_hashes_release(&again);
    *difference = (struct replay_difference){.owner = dist_rank(replay->dist),
                                             .checker = replay->partners.checker,
                                             .sequences = replay->sequences,
                                             .sample = replay->sample,
                                             .result = result};
    host_name(difference->owner_host);
    memcpy(difference->checker_host, replay->in.data, HOST_NAME_ROOM);
    return result.losses || result.tensors > 0;
}

/* Those of all ranks, on all ranks. */
static void share_differences(struct replay *replay, const struct replay_difference *mine)
{
    struct buffer *all = &replay->differences;
    uint64_t bytes;
    buffer_reset(all);
    dist_gather(replay->dist, mine, mine ? sizeof *mine : 0, all);
    bytes = all->size;
    dist_broadcast(replay->dist, 0, &bytes, sizeof bytes);
    if (dist_rank(replay->dist) != 0)
        buffer_grow(all, bytes);
    dist_broadcast(replay->dist, 0, all->data, bytes);
}

void replay_compare(struct replay *replay, struct replay_report *report)
{
    struct replay_difference mine;
    pass_results(replay);
    const bool different = is_different(replay, &mine), made = replay->sequences > 0;
    const bool alone = made && replay->partners.checker == dist_rank(replay->dist);
    double counts[] = {made, alone, different};
    dist_sum_double(replay->dist, counts, 3);
    *report = (struct replay_report){
        .made = (int)counts[0], .alone = (int)counts[1], .different = (int)counts[2]};
    if (report->different == 0)
        return;
    share_differences(replay, different ? &mine : NULL);
    report->differences = (const struct replay_difference *)(const void *)replay->differences.data;
}
