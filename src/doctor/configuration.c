/* CONFIG itself, and what it is to train on. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "checks.h"
#include "lambert/base/file.h"
#include "lambert/base/hash.h"
#include "lambert/base/memory.h"
#include "lambert/corpus/manifest.h"
#include "lambert/run/corpora.h"

/* --- the configuration -------------------------------------------------------------------------- */

/* Each step's sequences are divided among the ranks. */
static void find_idle_ranks(const struct doctor *doctor, struct findings *found)
{
    const int ranks = dist_size(doctor->dist);
    for (int p = 0; p < doctor->config.phase_count && doctor->first; p++) {
        const struct config_phase *phase = &doctor->config.phases[p];
        if (phase->global_batch < ranks)
            find(found, FINDING_WARNING, OF_JOB,
                 "start fewer ranks of more threads each, or enlarge the global batch",
                 "phase.%s.global_batch is %d sequences for %d ranks: in each step some idle",
                 phase->name, phase->global_batch, ranks);
    }
}

static void find_division(const struct doctor *doctor, struct findings *found)
{
    const int wanted = doctor->config.train.ranks_per_node;
    const int ranks = dist_machine_size(doctor->dist);
    if (wanted > 0 && ranks % wanted != 0 && doctor->speaks)
        find(found, FINDING_FAULT, OF_HOST,
             "set train.ranks_per_node to a divisor of the ranks of each host, or to 0",
             "train.ranks_per_node (%d) does not divide its %d rank(s)", wanted, ranks);
}

void check_configuration(struct doctor *doctor, struct findings *found)
{
    const struct doctor_request *request = doctor->request;
    struct buffer text = {0};
    struct error err;
    if (!request->config) {
        if (doctor->first)
            find_well(found, "none is given: folders, training data and the plan of memory are not "
                             "looked at (lambert doctor CONFIG)");
        return;
    }
    const int status =
        config_load(&doctor->config, request->config, request->words, request->word_count, &err);
    if (status < 0)
        find(found, FINDING_FAULT, OF_RANK,
             "correct it (docs/config.md has all keys), or lay it where every host sees it", "%s",
             err.text);
    if (dist_any(doctor->dist, status < 0))
        return;
    config_print(&doctor->config, false, &text);
    doctor->configured =
        dist_same(doctor->dist, "the configuration", hash_bytes(text.data, text.size), &err) == 0;
    buffer_release(&text);
    if (!doctor->configured) {
        if (doctor->first)
            find(found, FINDING_FAULT, OF_JOB,
                 "lay one file where every host sees it, and give all ranks the same words", "%s",
                 err.text);
        return;
    }
    find_idle_ranks(doctor, found);
    find_division(doctor, found);
    if (doctor->first)
        find_well(found, "%s: %s, %d phase(s), run folder %s", request->config,
                  doctor->config.task.kind == TASK_NONE ? "pre-training" : "fine-tuning",
                  doctor->config.phase_count, doctor->config.run.folder);
}

/* --- what is trained on --------------------------------------------------------------------------- */

/* Without shared maps a rank holds each file that it reads as a whole. */
static bool is_mapped(const char *path)
{
    struct file_map map;
    struct error err;
    if (file_map_open(&map, path, &err) < 0)
        return true; /* which is told as what it is */
    const bool mapped = !map.copied;
    file_map_close(&map);
    return mapped;
}

static void find_unmapped(const struct corpora *corpora, struct findings *found)
{
    for (int c = 0; c < corpora->count; c++) {
        const char *folder = corpus_folder(corpora->opened[c]);
        char *manifest = path_join(folder, MANIFEST_FILE);
        if (!is_mapped(manifest))
            find(found, FINDING_WARNING, OF_HOST,
                 "lay the corpus on another file system, or have it copied to the hosts' own disks "
                 "(data.stage_folder)",
                 "the file system of %s maps no files: each rank holds whole files of it in memory",
                 folder);
        free(manifest);
    }
}

static void compare(struct doctor *doctor, const char *what, const char *hash,
                    struct findings *found)
{
    const struct dist_comparison other = dist_compare(doctor->dist, hash);
    if (other.others > 0)
        find(found, FINDING_FAULT, OF_JOB,
             "give all hosts the same files, on one file system or as the same copies",
             "%s is not the same on all ranks: rank 0 has %s, rank %d on %s has %s", what, hash,
             other.rank, doctor->hosts[other.rank], other.text);
    doctor->has_work = !dist_any(doctor->dist, other.others > 0);
}

static void look_at_corpora(struct doctor *doctor, struct findings *found)
{
    struct corpora corpora;
    struct error err;
    char hash[HASH_TEXT] = "";
    uint64_t tokens = 0;
    const int status = corpora_open(&corpora, &doctor->config, &err);
    if (status < 0) {
        find(found, FINDING_FAULT, OF_RANK,
             "prepare the corpus (lambert prep), or lay it under this path on every host", "%s",
             err.text);
    } else {
        hash_print(corpora_hash(&corpora), hash);
        for (int c = 0; c < corpora.count; c++)
            tokens += document_store_tokens(corpus_store(corpora.opened[c], CORPUS_TRAIN));
        if (doctor->speaks)
            find_unmapped(&corpora, found);
        if (doctor->first)
            find_well(found, "%d corpus(es), %" PRIu64 " tokens to train on, %s on all ranks",
                      corpora.count, tokens, hash);
        corpora_close(&corpora);
    }
    if (!dist_any(doctor->dist, status < 0))
        compare(doctor, "the corpus", hash, found);
}

/* Of a task its files; examples are made of them by the plan of memory. */
static void look_at_task(struct doctor *doctor, struct findings *found)
{
    const struct config_task *task = &doctor->config.task;
    struct file_map map;
    struct error err;
    char hash[HASH_TEXT] = "";
    const int status = file_map_open(&map, task->train, &err);
    if (status < 0) {
        find(found, FINDING_FAULT, OF_RANK, "set task.train to a file that every host sees", "%s",
             err.text);
    } else {
        hash_print(hash_bytes(map.data, map.size), hash);
        if (doctor->first)
            find_well(found, "%s, %.1f MB, %s on all ranks", task->train, (double)map.size / 1e6,
                      hash);
        file_map_close(&map);
    }
    if (!dist_any(doctor->dist, status < 0))
        compare(doctor, task->train, hash, found);
}

void check_work(struct doctor *doctor, struct findings *found)
{
    if (doctor->config.task.kind == TASK_NONE)
        look_at_corpora(doctor, found);
    else
        look_at_task(doctor, found);
}
