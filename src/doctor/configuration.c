/* CONFIG itself, and what it is to train on. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "checks.h"
#include "lambert/base/activity.h"
#include "lambert/base/file.h"
#include "lambert/base/hash.h"
#include "lambert/base/memory.h"
#include "lambert/base/strings.h"
#include "lambert/corpus/manifest.h"
#include "lambert/run/base_model.h"
#include "lambert/run/corpora.h"
#include "lambert/run/options.h"
#include "lambert/run/rate_record.h"
#include "lambert/run/shared_config.h"
#include "lambert/store/checkpoint_folder.h"

/* --- the configuration -------------------------------------------------------------------------- */

/* Each step's sequences are divided among the ranks. */
static void find_idle_ranks(const struct doctor *doctor, struct findings *found)
{
    const int ranks = dist_size(doctor->dist);
    for (int p = 0; p < doctor->config.phase_count && doctor->first; p++) {
        const struct config_phase *phase = &doctor->config.phases[p];
        const struct batch_sizes sizes = batch_sizes_of(phase);
        const int least = batch_sizes_least(&sizes);
        if (least < ranks)
            find(found, FINDING_WARNING, OF_JOB,
                 "start fewer ranks of more threads each, or enlarge the global batch",
                 "phase.%s.%s is %d sequences for %d ranks: in each such step some idle",
                 phase->name, phase->global_batch < ranks ? "global_batch" : "batch_changes", least,
                 ranks);
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
    if (dist_any(doctor->dist, !request->config)) {
        if (dist_any(doctor->dist, request->config != NULL) && doctor->first)
            find(found, FINDING_FAULT, OF_JOB,
                 "give it to the ranks of every part of mpirun's line, between its colons",
                 "CONFIG is given to some ranks only");
        if (doctor->first)
            find_well(found, "none is given: folders, training data and the plan of memory are not "
                             "looked at (lambert doctor CONFIG)");
        return;
    }
    const int status = config_load_shared(&doctor->config, doctor->dist, request->config,
                                          request->words, request->word_count, &err);
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

static bool compare(struct doctor *doctor, const char *what, const char *hash,
                    struct findings *found)
{
    const struct dist_comparison other = dist_compare(doctor->dist, hash);
    if (other.others > 0)
        find(found, FINDING_FAULT, OF_JOB,
             "give all hosts the same files, on one file system or as the same copies",
             "%s is not the same on all ranks: rank 0 has %s, rank %d on %s has %s", what, hash,
             other.rank, doctor->hosts[other.rank], other.text);
    return !dist_any(doctor->dist, other.others > 0);
}

static bool look_at_corpora(struct doctor *doctor, struct findings *found)
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
    return !dist_any(doctor->dist, status < 0) && compare(doctor, "the corpus", hash, found);
}

/* --- files of examples ------------------------------------------------------------------------------ */

/* A key that names a file which every rank reads, and its file; "": none. */
struct named_file {
    const char *key, *path;
};

enum { MOST_FILES = 3 };

/* Those of a task, or of pre-training, that are named; of a task the first is task.train. */
static int list_files(const struct config *config, struct named_file files[MOST_FILES])
{
    const struct config_task *task = &config->task;
    int count = 0;
    if (task->kind != TASK_NONE) {
        files[count++] = (struct named_file){"task.train", task->train};
        if (task->evaluate[0])
            files[count++] = (struct named_file){"task.evaluate", task->evaluate};
        if (task->label_file[0])
            files[count++] = (struct named_file){"task.label_file", task->label_file};
    } else if (config->train.evaluate_pairs[0]) {
        files[count++] = (struct named_file){"train.evaluate_pairs", config->train.evaluate_pairs};
    }
    return count;
}

/* The size, and the hash of it and of blocks from the beginning to the end: files are compared, and none is read as a
 * whole, since it may be large and its disk cold. -1: it cannot be read. */
static int sample_file(const char *path, double *size, uint64_t *hash, struct error *err)
{
    enum { BLOCK = 64 << 10, BLOCKS = 16 };
    struct stat info = {0};
    uint8_t *block = memory_new(BLOCK, 1);
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    int status = file < 0 || fstat(file, &info) != 0 ? -1 : 0;
    const off_t last = info.st_size > BLOCK ? info.st_size - BLOCK : 0; /* where it begins */
    *size = (double)info.st_size;
    *hash = (uint64_t)info.st_size;
    for (int i = 0; i < BLOCKS && status == 0; i++) {
        const ssize_t got = pread(file, block, BLOCK, (off_t)((double)last * i / (BLOCKS - 1)));
        if (got < 0)
            status = -1;
        else
            *hash = hash_bytes_seeded(block, (size_t)got, *hash);
        activity_heartbeat();
    }
    if (status < 0)
        error_errno(err, "cannot read %s", path);
    if (file >= 0)
        close(file);
    free(block);
    return status;
}

/* Whether all ranks can read it, and read the same. What is read of a pipe is gone for the run: it is not opened.
 * Collective; *bytes grows by what there is to read. */
static bool look_at_file(struct doctor *doctor, const struct named_file *file, double *bytes,
                         struct findings *found)
{
    enum { INFLATED = 8 /* times as large, about */ };
    struct stat info;
    struct error err;
    char hash[HASH_TEXT] = "";
    double size = 0;
    uint64_t sample;
    bool known = false;
    if (stat(file->path, &info) == 0 && !S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode)) {
        find(found, FINDING_WARNING, OF_RANK, "write what comes out of it to a file, and name that",
             "%s: %s is a pipe or a device, which can be read once: it is not looked at", file->key,
             file->path);
    } else if (sample_file(file->path, &size, &sample, &err) < 0) {
        char *cure = memory_text("set %s to a file that every host sees", file->key);
        find(found, FINDING_FAULT, OF_RANK, cure, "%s: %s", file->key, err.text);
        free(cure);
    } else {
        hash_print(sample, hash);
        known = true;
        *bytes += size * (string_ends_with(file->path, ".gz") ? INFLATED : 1);
    }
    return !dist_any(doctor->dist, !known) && compare(doctor, file->path, hash, found);
}

static bool look_at_files(struct doctor *doctor, double *bytes, struct findings *found)
{
    struct named_file files[MOST_FILES];
    const int count = list_files(&doctor->config, files);
    bool fine = true;
    *bytes = 0;
    for (int i = 0; i < count; i++)
        fine &= look_at_file(doctor, &files[i], bytes, found);
    if (doctor->config.task.kind != TASK_NONE && doctor->first)
        find_well(found,
                  "%s and %d more file(s) of the task, the same on all ranks in size and samples",
                  files[0].path, count - 1);
    return fine;
}

/* --- the model that is started from ------------------------------------------------------------------ */

/* Whether the run begins with the weights of another model, or the state of another run: one that goes on has its own.
 * Rank 0's answer. */
static bool starts_from_another(const struct doctor *doctor)
{
    const struct config *config = &doctor->config;
    struct error err;
    int64_t step = -1;
    if (doctor->first && doctor->resumes)
        checkpoint_newest_step(config->run.folder, &step, &err); /* check_run_folder() tells */
    return !dist_any(doctor->dist, step >= 0) &&
           (config->run.start_from[0] || config->run.branch_from[0]);
}

/* Rank 0 reads it, for all. */
static bool look_at_branch(struct doctor *doctor, struct findings *found)
{
    struct checkpoint_file file = {0};
    struct error err;
    const int status =
        doctor->first ? checkpoint_find_newest(doctor->config.run.branch_from, &file, &err) : 0;
    if (status < 0)
        find(found, FINDING_FAULT, OF_JOB,
             "set run.branch_from to a checkpoint or a run folder that rank 0's host sees",
             "run.branch_from: %s", err.text);
    checkpoint_file_close(&file);
    return !dist_any(doctor->dist, status < 0);
}

/* Fine-tuning opens it for the plan of memory; pre-training is to find here what it would end with. */
static bool look_at_start(struct doctor *doctor, struct findings *found)
{
    const struct config *config = &doctor->config;
    const char *path = config->run.start_from;
    struct base_model model;
    struct error err;
    if (!starts_from_another(doctor))
        return true;
    if (config->run.branch_from[0])
        return look_at_branch(doctor, found);
    int status = 0;
    if (doctor->first && access(path, R_OK) != 0)
        status = error_errno(&err, "%s", path);
    status = dist_agree(doctor->dist, status, &err);
    if (status == 0 && config->task.kind == TASK_NONE) {
        status = base_model_open(&model, doctor->dist, path, &err);
        if (status == 0)
            base_model_close(&model);
    }
    if (status < 0 && doctor->first)
        find(
            found, FINDING_FAULT, OF_JOB,
            "set run.start_from to a Hugging Face folder, a checkpoint or a run folder that rank 0's host "
            "sees",
            "run.start_from: %s", err.text);
    return status == 0;
}

/* --- rates of other runs ----------------------------------------------------------------------------- */

/* Rank 0 reads them, for all. */
static bool look_at_rates(struct doctor *doctor, struct findings *found)
{
    const struct config *config = &doctor->config;
    bool fine = true;
    for (int p = 0; p < config->phase_count && doctor->first; p++) {
        const struct config_phase *phase = &config->phases[p];
        struct rate_record record = {0};
        struct error err;
        if (phase->rates[0] && rate_record_read(&record, phase->rates, phase->name, &err) < 0) {
            find(
                found, FINDING_FAULT, OF_JOB,
                "set it to a run's folder, its metrics.jsonl or a file of numbers that rank 0's host sees",
                "phase.%s.rates: %s", phase->name, err.text);
            fine = false;
        }
        rate_record_release(&record);
    }
    return !dist_any(doctor->dist, !fine);
}

/* --- all of it ---------------------------------------------------------------------------------- */

/* What the run will want of memory and disks, which it finds out from what it trains on; not of so many bytes of a task's
 * files that reading them takes longer than a check may. */
static void plan(struct doctor *doctor, double bytes, struct findings *found)
{
    static const double LARGEST = 32 << 20;
    struct error err;
    if (dist_any(doctor->dist, bytes > LARGEST))
        return;
    doctor->planned = run_needs_find(&doctor->needs, doctor->dist, &doctor->config, doctor->resumes,
                                     doctor->threads.count, &err) == 0;
    if (!doctor->planned && doctor->first)
        find(found, FINDING_FAULT, OF_JOB, "correct the configuration, or what it names", "%s",
             err.text);
}

void check_work(struct doctor *doctor, struct findings *found)
{
    double bytes;
    const bool tunes = doctor->config.task.kind != TASK_NONE;
    const bool corpora = tunes || look_at_corpora(doctor, found);
    const bool files = look_at_files(doctor, &bytes, found);
    const bool start = look_at_start(doctor, found);
    const bool rates = look_at_rates(doctor, found);
    doctor->has_work = corpora && files;
    if (doctor->has_work && start && rates)
        plan(doctor, bytes, found);
}
