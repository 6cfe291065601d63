#define _GNU_SOURCE /* memmem() */
#include "lambert/base/json.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lambert/base/file.h"
#include "lambert/base/hash.h"
#include "lambert/base/memory.h"
#include "lambert/base/utf8.h"

/* --- writing ---------------------------------------------------------------------------------- */

void json_add_count(cJSON *object, const char *name, uint64_t count)
{
    char text[24];
    require(count < JSON_COUNTS);
    snprintf(text, sizeof text, "%" PRIu64, count); /* cJSON itself prints 15 digits of 16 */
    cJSON_AddRawToObject(object, name, text);
}

void json_add_exact(cJSON *object, const char *name, double value)
{
    char text[32];
    require(isfinite(value)); /* JSON has no other numbers */
    snprintf(text, sizeof text, "%.17g", value);
    cJSON_AddRawToObject(object, name, text);
}

void json_add_hash(cJSON *object, const char *name, uint64_t hash)
{
    char text[HASH_TEXT];
    cJSON_AddStringToObject(object, name, hash_print(hash, text));
}

static bool is_utf8(const char *text, size_t size)
{
    for (size_t at = 0, taken; at < size; at += taken)
        if ((taken = utf8_character(text + at, size - at)) == 0)
            return false;
    return true;
}

/* cJSON prints the bytes of a string as they are. */
static char *whole(cJSON *root, char *text)
{
    if (!text)
        memory_run_out(0);
    cJSON_Delete(root);
    if (is_utf8(text, strlen(text)))
        return text;
    char *valid = utf8_copy(text);
    free(text);
    return valid;
}

char *json_print(cJSON *root)
{
    return whole(root, cJSON_PrintUnformatted(root));
}

char *json_print_indented(cJSON *root)
{
    return whole(root, cJSON_Print(root));
}

/* --- files ------------------------------------------------------------------------------------ */

int json_file_read(const char *path, struct buffer *text, struct error *err)
{
    struct stat info;
    if (stat(path, &info) == 0 && S_ISREG(info.st_mode) && info.st_size > JSON_LONGEST_FILE)
        return error_set(
            err,
            "%s has %.0f MB, and no JSON file of a model has more than %d: is it another file, "
            "or damaged?",
            path, (double)info.st_size / 1e6, JSON_LONGEST_FILE / 1000000);
    return file_read(path, text, err);
}

/* --- reading ---------------------------------------------------------------------------------- */

bool json_count(const cJSON *item, uint64_t *count)
{
    double value = cJSON_IsNumber(item) ? item->valuedouble : -1;
    if (!(value >= 0 && value < (double)JSON_COUNTS && value == floor(value)))
        return false;
    *count = (uint64_t)value;
    return true;
}

const cJSON *json_get(const cJSON *object, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

bool json_get_count(const cJSON *object, const char *name, uint64_t *count)
{
    return json_count(json_get(object, name), count);
}

const char *json_get_text(const cJSON *object, const char *name)
{
    return cJSON_GetStringValue(json_get(object, name));
}

double json_get_number(const cJSON *object, const char *name, double otherwise)
{
    const cJSON *item = json_get(object, name);
    return cJSON_IsNumber(item) ? item->valuedouble : otherwise;
}

bool json_get_hash(const cJSON *object, const char *name, uint64_t *hash)
{
    const char *text = json_get_text(object, name);
    return text && hash_parse(text, hash);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

const char *json_repeated_name(const cJSON *object)
{
    size_t count = 0;
    const char **names = memory_new((size_t)cJSON_GetArraySize(object), sizeof *names);
    for (const cJSON *item = object->child; item; item = item->next)
        names[count++] = item->string;
    qsort(names, count, sizeof *names, compare_names);
    const char *repeated = NULL;
    for (size_t i = 1; i < count && !repeated; i++)
        if (strcmp(names[i - 1], names[i]) == 0)
            repeated = names[i];
    free(names);
    return repeated;
}

/* \u0000, not \\u0000. */
bool json_has_nul(const char *text, size_t size)
{
    static const char escape[] = "\\u0000";
    const char *end = text + size, *found = text;
    if (memchr(text, '\0', size))
        return true;
    while ((found = memmem(found, (size_t)(end - found), escape, sizeof escape - 1))) {
        size_t backslashes = 1;
        while (found - backslashes >= text && found[-(ptrdiff_t)backslashes] == '\\')
            backslashes++;
        if (backslashes % 2 == 1)
            return true;
        found++;
    }
    return false;
}
