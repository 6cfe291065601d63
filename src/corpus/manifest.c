#include "lambert/corpus/manifest.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lambert/base/hash.h"
#include "lambert/base/json.h"
#include "lambert/base/memory.h"
#include "lambert/base/version.h"
#include "lambert/corpus/corpus_report.h"

static const char *const contents_names[] = {
    [SHARD_DOCUMENTS_OF_TEXT] = "documents", [SHARD_READY_SAMPLES] = "samples"};

void manifest_release(struct manifest *manifest)
{
    for (int s = 0; s < CORPUS_SPLITS; s++) {
        for (int i = 0; i < manifest->splits[s].count; i++)
            free(manifest->splits[s].shards[i].file);
        free(manifest->splits[s].shards);
    }
    free(manifest->unicode);
    *manifest = (struct manifest){0};
}

void manifest_add_shard(struct manifest *manifest, enum corpus_split split, const char *file,
                        const struct shard_summary *summary)
{
    struct manifest_split *part = &manifest->splits[split];
    part->shards = memory_resize(part->shards, (size_t)part->count + 1, sizeof *part->shards);
    part->shards[part->count++] =
        (struct manifest_shard){.file = memory_copy_text(file), .summary = *summary};
}

struct shard_summary manifest_split_total(const struct manifest *manifest, enum corpus_split split)
{
    const struct manifest_split *part = &manifest->splits[split];
    struct shard_summary total = {0};
    for (int i = 0; i < part->count; i++) {
        total.documents += part->shards[i].summary.documents;
        total.sentences += part->shards[i].summary.sentences;
        total.tokens += part->shards[i].summary.tokens;
        total.bytes += part->shards[i].summary.bytes;
    }
    return total;
}

uint64_t manifest_hash(const struct manifest *manifest)
{
    struct buffer all = {0};
    buffer_put_u64(&all, manifest->vocabulary_hash);
    buffer_put_u64(&all, manifest->tokenizer.lower_case);
    if (!tokenizer_options_are_plain(&manifest->tokenizer)) {
        buffer_put_u64(&all, tokenizer_strips_accents(&manifest->tokenizer));
        buffer_put_u64(&all, manifest->tokenizer.split_han);
        buffer_put_u64(&all, (uint64_t)manifest->tokenizer.max_word_characters);
    }
    for (int s = 0; s < CORPUS_SPLITS; s++)
        for (int i = 0; i < manifest->splits[s].count; i++) {
            buffer_put_u64(&all, (uint64_t)s);
            buffer_put_u64(&all, manifest->splits[s].shards[i].summary.hash);
        }
    uint64_t hash = hash_bytes(all.data, all.size);
    buffer_release(&all);
    return hash;
}

/* --- writing --- */

static int version_of(const struct manifest *manifest)
{
    if (manifest->segmented)
        return MANIFEST_VERSION;
    return tokenizer_options_are_plain(&manifest->tokenizer) ? MANIFEST_PLAIN_VERSION
                                                             : MANIFEST_TOKENIZER_VERSION;
}

static void put_counts(cJSON *object, const struct shard_summary *summary)
{
    json_add_count(object, "documents", summary->documents);
    json_add_count(object, "sentences", summary->sentences);
    json_add_count(object, "tokens", summary->tokens);
    json_add_count(object, "bytes", summary->bytes);
}

static void put_splits(cJSON *root, const struct manifest *manifest)
{
    cJSON *splits = cJSON_AddObjectToObject(root, "splits");
    for (int s = 0; s < CORPUS_SPLITS; s++) {
        struct shard_summary total = manifest_split_total(manifest, (enum corpus_split)s);
        cJSON *split = cJSON_AddObjectToObject(splits, corpus_split_names[s]);
        put_counts(split, &total);
        cJSON *shards = cJSON_AddArrayToObject(split, "shards");
        for (int i = 0; i < manifest->splits[s].count; i++) {
            const struct manifest_shard *shard = &manifest->splits[s].shards[i];
            cJSON *item = cJSON_CreateObject();
            cJSON_AddStringToObject(item, "file", shard->file);
            put_counts(item, &shard->summary);
            json_add_hash(item, "hash", shard->summary.hash);
            cJSON_AddItemToArray(shards, item);
        }
    }
}

void manifest_print(const struct manifest *manifest, struct buffer *out)
{
    struct sample_totals samples = manifest->samples;
    struct corpus_report report = manifest->report;
    cJSON *root = cJSON_CreateObject(), *object;
    cJSON_AddStringToObject(root, "format", MANIFEST_FORMAT);
    cJSON_AddNumberToObject(root, "version", version_of(manifest));
    cJSON_AddStringToObject(root, "program", LAMBERT_PROGRAM);
    json_add_hash(root, "hash", manifest_hash(manifest));
    object = cJSON_AddObjectToObject(root, "vocabulary");
    json_add_hash(object, "hash", manifest->vocabulary_hash);
    cJSON_AddNumberToObject(object, "size", manifest->vocabulary_size);
    tokenizer_options_put(root, &manifest->tokenizer);
    cJSON_AddStringToObject(root, "unicode", manifest->unicode);
    cJSON_AddBoolToObject(root, "split_sentences", manifest->split_sentences);
    if (manifest->segmented)
        cJSON_AddBoolToObject(root, "segmented", true);
    cJSON_AddNumberToObject(root, "heldout_fraction", manifest->heldout_fraction);
    cJSON_AddStringToObject(root, "contents", contents_names[manifest->contents]);
    if (manifest->contents == SHARD_READY_SAMPLES) {
        object = cJSON_AddObjectToObject(root, "samples");
        for (int f = 0; f < sample_totals_fields; f++)
            cJSON_AddNumberToObject(object, sample_totals_name(f),
                                    (double)*sample_totals_field(&samples, f));
    }
    put_splits(root, manifest);
    object = cJSON_AddObjectToObject(root, "report");
    for (int f = 0; f < corpus_report_fields; f++)
        cJSON_AddNumberToObject(object, corpus_report_name(f),
                                (double)*corpus_report_field(&report, f));
    char *text = json_print_indented(root);
    buffer_put(out, text, strlen(text));
    buffer_put_u8(out, '\n');
    free(text);
}

/* --- reading --- */

/* Remembers the first thing that is missing or wrong, so that reading is a list of fields. */
struct parse {
    const char *path;
    struct error *err;
    int status;
};

static void parse_failed(struct parse *parse, const char *name)
{
    if (parse->status < 0)
        return;
    parse->status =
        error_set(parse->err, "%s is damaged: '%s' is missing or wrong; prepare the corpus again",
                  parse->path, name);
}

static uint64_t get_count(struct parse *parse, const cJSON *object, const char *name)
{
    uint64_t count = 0;
    if (!json_get_count(object, name, &count))
        parse_failed(parse, name);
    return count;
}

static const char *get_text(struct parse *parse, const cJSON *object, const char *name)
{
    const char *text = json_get_text(object, name);
    if (!text)
        parse_failed(parse, name);
    return text ? text : "";
}

static bool get_bool(struct parse *parse, const cJSON *object, const char *name)
{
    const cJSON *item = json_get(object, name);
    if (!cJSON_IsBool(item))
        parse_failed(parse, name);
    return cJSON_IsTrue(item);
}

static uint64_t get_hash(struct parse *parse, const cJSON *object, const char *name)
{
    uint64_t hash = 0;
    if (!json_get_hash(object, name, &hash))
        parse_failed(parse, name);
    return hash;
}

static void get_splits(struct parse *parse, const cJSON *root, struct manifest *manifest)
{
    const cJSON *splits = json_get(root, "splits");
    for (int s = 0; s < CORPUS_SPLITS; s++) {
        const cJSON *shards = json_get(json_get(splits, corpus_split_names[s]), "shards");
        if (!cJSON_IsArray(shards))
            parse_failed(parse, corpus_split_names[s]);
        for (const cJSON *item = shards ? shards->child : NULL; item; item = item->next) {
            const char *file = get_text(parse, item, "file");
            struct shard_summary summary = {.documents = get_count(parse, item, "documents"),
                                            .sentences = get_count(parse, item, "sentences"),
                                            .tokens = get_count(parse, item, "tokens"),
                                            .bytes = get_count(parse, item, "bytes"),
                                            .hash = get_hash(parse, item, "hash")};
            if (strchr(file, '/'))
                parse_failed(parse, "file");
            manifest_add_shard(manifest, (enum corpus_split)s, file, &summary);
        }
    }
}

/* Corpora made before there were ready samples say nothing of contents. */
static void get_contents(struct parse *parse, const cJSON *root, struct manifest *manifest)
{
    const cJSON *samples = json_get(root, "samples");
    const char *name = json_get(root, "contents") ? get_text(parse, root, "contents") : "documents";
    manifest->contents = SHARD_DOCUMENTS_OF_TEXT;
    if (strcmp(name, contents_names[SHARD_READY_SAMPLES]) == 0)
        manifest->contents = SHARD_READY_SAMPLES;
    else if (strcmp(name, contents_names[SHARD_DOCUMENTS_OF_TEXT]) != 0)
        parse_failed(parse, "contents");
    for (int f = 0; f < sample_totals_fields && manifest->contents == SHARD_READY_SAMPLES; f++)
        *sample_totals_field(&manifest->samples, f) =
            get_count(parse, samples, sample_totals_name(f));
}

static void get_fields(struct parse *parse, const cJSON *root, struct manifest *manifest)
{
    const cJSON *vocabulary = json_get(root, "vocabulary"), *report = json_get(root, "report");
    const cJSON *fraction = json_get(root, "heldout_fraction");
    manifest->vocabulary_hash = get_hash(parse, vocabulary, "hash");
    uint64_t size = get_count(parse, vocabulary, "size");
    if (size == 0 || size > INT32_MAX)
        parse_failed(parse, "size");
    manifest->vocabulary_size = (int)size;
    const char *wrong = tokenizer_options_get(root, &manifest->tokenizer);
    if (wrong)
        parse_failed(parse, wrong);
    manifest->unicode = memory_copy_text(get_text(parse, root, "unicode"));
    manifest->split_sentences = get_bool(parse, root, "split_sentences");
    manifest->segmented = json_get(root, "segmented") && get_bool(parse, root, "segmented");
    if (!cJSON_IsNumber(fraction))
        parse_failed(parse, "heldout_fraction");
    else
        manifest->heldout_fraction = fraction->valuedouble;
    get_contents(parse, root, manifest);
    get_splits(parse, root, manifest);
    for (int f = 0; f < corpus_report_fields; f++)
        if (!corpus_report_is_late(f) || json_get(report, corpus_report_name(f)))
            *corpus_report_field(&manifest->report, f) =
                get_count(parse, report, corpus_report_name(f));
    if (get_hash(parse, root, "hash") != manifest_hash(manifest))
        parse_failed(parse, "hash");
}

static int check_format(const cJSON *root, const char *path, struct error *err)
{
    const cJSON *format = json_get(root, "format"), *version = json_get(root, "version");
    if (!cJSON_IsString(format) || strcmp(format->valuestring, MANIFEST_FORMAT) != 0 ||
        !cJSON_IsNumber(version))
        return error_set(err, "%s does not describe a corpus of this program", path);
    if (version->valueint < MANIFEST_PLAIN_VERSION || version->valueint > MANIFEST_VERSION)
        return error_set(
            err,
            "%s has version %d of the corpus format, this program reads up to version %d; "
            "prepare the corpus again",
            path, version->valueint, MANIFEST_VERSION);
    return 0;
}

int manifest_parse(struct manifest *manifest, const char *text, const char *path, struct error *err)
{
    struct parse parse = {.path = path, .err = err};
    *manifest = (struct manifest){0};
    cJSON *root = cJSON_Parse(text);
    if (!root)
        return error_set(err, "%s is damaged: it is not JSON; prepare the corpus again", path);
    if (check_format(root, path, err) < 0)
        parse.status = -1;
    else
        get_fields(&parse, root, manifest);
    cJSON_Delete(root);
    if (parse.status < 0)
        manifest_release(manifest);
    return parse.status;
}
