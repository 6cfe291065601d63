#include "lambert/store/safetensors.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <utf8proc.h>

#include "lambert/base/buffer.h"
#include "lambert/base/float16.h"
#include "lambert/base/json.h"
#include "lambert/base/memory.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "floats are copied as they lie");

enum {
    LENGTH_BYTES = 8,
    LONGEST_HEADER = 100000000, /* as the reference reader has it */
    MOST_VALUES = 1 << 20,      /* of JSON: 100,000 tensors; cJSON takes 80 bytes for each */
    SHOWN = 128                 /* of a name in a sentence */
};

static const struct {
    const char *name;
    size_t bits;
    enum safetensors_dtype dtype;
} dtypes[] = {
    {"F32", 32, SAFETENSORS_F32},          {"F16", 16, SAFETENSORS_F16},
    {"BF16", 16, SAFETENSORS_BF16},        {"I64", 64, SAFETENSORS_I64},
    {"BOOL", 8, SAFETENSORS_OTHER},        {"U8", 8, SAFETENSORS_OTHER},
    {"I8", 8, SAFETENSORS_OTHER},          {"U16", 16, SAFETENSORS_OTHER},
    {"I16", 16, SAFETENSORS_OTHER},        {"U32", 32, SAFETENSORS_OTHER},
    {"I32", 32, SAFETENSORS_OTHER},        {"U64", 64, SAFETENSORS_OTHER},
    {"F64", 64, SAFETENSORS_F64},          {"C64", 64, SAFETENSORS_OTHER},
    {"F8_E4M3", 8, SAFETENSORS_OTHER},     {"F8_E5M2", 8, SAFETENSORS_OTHER},
    {"F8_E8M0", 8, SAFETENSORS_OTHER},     {"F8_E4M3FNUZ", 8, SAFETENSORS_OTHER},
    {"F8_E5M2FNUZ", 8, SAFETENSORS_OTHER}, {"F6_E2M3", 6, SAFETENSORS_OTHER},
    {"F6_E3M2", 6, SAFETENSORS_OTHER},     {"F4", 4, SAFETENSORS_OTHER},
};

/* A file while its header is read. */
struct reading {
    struct safetensors *file;
    const uint8_t *data; /* behind the header */
    size_t size;
    struct error *err;
};

/* --- what is said of a bad file --------------------------------------------------------------- */

static int refuse(const struct reading *reading, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static int refuse(const struct reading *reading, const char *format, ...)
{
    char reason[512];
    va_list args;
    va_start(args, format);
    vsnprintf(reason, sizeof reason, format, args);
    va_end(args);
    return error_set(reading->err,
                     "%s is not a sound safetensors file (%s); fetch it or write it again",
                     reading->file->path, reason);
}

/* A name from the file in one line and not too long. */
static const char *shown(const char *name, char text[SHOWN])
{
    size_t size = 0;
    while (size < SHOWN - 1 && name[size] != '\0') {
        unsigned char c = (unsigned char)name[size];
        text[size++] = (char)(c < ' ' || c == 0x7f ? '?' : c);
    }
    if (name[size] != '\0') /* not in the middle of a character */
        while (size > 0 && (name[size] & 0xC0) == 0x80)
            size--;
    text[size] = '\0';
    return text;
}

static int refuse_tensor(const struct reading *reading, const struct safetensors_tensor *tensor,
                         const char *format, ...) __attribute__((format(printf, 3, 4)));

static int refuse_tensor(const struct reading *reading, const struct safetensors_tensor *tensor,
                         const char *format, ...)
{
    char reason[320], name[SHOWN];
    va_list args;
    va_start(args, format);
    vsnprintf(reason, sizeof reason, format, args);
    va_end(args);
    return refuse(reading, "tensor '%s' %s", shown(tensor->name, name), reason);
}

/* --- JSON ------------------------------------------------------------------------------------ */

static bool is_utf8(const uint8_t *text, size_t size)
{
    for (size_t at = 0; at < size;) {
        utf8proc_int32_t code;
        utf8proc_ssize_t taken = utf8proc_iterate(text + at, (utf8proc_ssize_t)(size - at), &code);
        if (taken <= 0)
            return false;
        at += (size_t)taken;
    }
    return true;
}

/* What stands behind a backslash. */
static int check_escape(const struct reading *reading, const uint8_t *text, size_t size)
{
    size_t digits = 0;
    if (size == 0 || text[0] != 'u')
        return 0;
    while (digits < 4 && 1 + digits < size && isxdigit(text[1 + digits]))
        digits++;
    if (digits < 4)
        return refuse(reading, "a \\u in its header is not followed by four hexadecimal digits");
    if (memcmp(text + 1, "0000", 4) == 0)
        return refuse(reading, "text in its header has a NUL in it");
    return 0;
}

/* What must not reach cJSON: it takes control characters for text or space, gives \u0000 and \uzzzz
 * as the end of a name, and makes a hostile header forty times as big in memory. */
static int check_text(const struct reading *reading, const uint8_t *text, size_t size)
{
    bool quoted = false;
    size_t values = 0;
    for (size_t i = 0; i < size; i++) {
        uint8_t c = text[i];
        if (c < ' ' && (quoted || (c != '\t' && c != '\n' && c != '\r')))
            return refuse(reading, "byte %d in its header is no text", c);
        if (c == '\\') {
            if (check_escape(reading, text + i + 1, size - i - 1) < 0)
                return -1;
            i++;
        } else if (c == '"') {
            quoted = !quoted;
        } else if (!quoted && (c == ',' || c == '[' || c == '{')) {
            values++;
        }
    }
    if (values > MOST_VALUES)
        return refuse(reading, "its header has more than %d values", MOST_VALUES);
    return is_utf8(text, size) ? 0 : refuse(reading, "its header is not UTF-8");
}

/* --- one tensor ------------------------------------------------------------------------------- */

/* Gives the bits of an element. */
static int read_dtype(const struct reading *reading, const cJSON *item,
                      struct safetensors_tensor *tensor, size_t *bits)
{
    char text[SHOWN];
    const char *name = cJSON_GetStringValue(item);
    if (!name)
        return refuse_tensor(reading, tensor, "has no dtype");
    for (size_t i = 0; i < sizeof dtypes / sizeof *dtypes; i++)
        if (strcmp(dtypes[i].name, name) == 0) {
            snprintf(tensor->dtype_name, sizeof tensor->dtype_name, "%s", name);
            tensor->dtype = dtypes[i].dtype;
            *bits = dtypes[i].bits;
            return 0;
        }
    return refuse_tensor(reading, tensor, "has a dtype '%s', which is unknown", shown(name, text));
}

static int read_shape(const struct reading *reading, const cJSON *array,
                      struct safetensors_tensor *tensor)
{
    if (!cJSON_IsArray(array))
        return refuse_tensor(reading, tensor, "has no shape");
    tensor->elements = 1;
    for (const cJSON *item = array->child; item; item = item->next) {
        uint64_t length;
        if (tensor->dimensions == SAFETENSORS_DIMENSIONS)
            return refuse_tensor(reading, tensor, "has more than %d dimensions",
                                 SAFETENSORS_DIMENSIONS);
        if (!json_count(item, &length))
            return refuse_tensor(reading, tensor,
                                 "has a shape that is not of whole numbers from 0 to 2^53");
        if (tensor->elements != 0 && length > SIZE_MAX / tensor->elements)
            return refuse_tensor(reading, tensor, "has a shape of too many elements to count");
        tensor->shape[tensor->dimensions++] = (int64_t)length;
        tensor->elements *= (size_t)length;
    }
    return 0;
}

static int read_offsets(const struct reading *reading, const cJSON *array,
                        struct safetensors_tensor *tensor)
{
    uint64_t begin, end;
    if (!cJSON_IsArray(array))
        return refuse_tensor(reading, tensor, "has no data_offsets");
    if (cJSON_GetArraySize(array) != 2 || !json_count(array->child, &begin) ||
        !json_count(array->child->next, &end))
        return refuse_tensor(reading, tensor,
                             "has data_offsets that are not two whole numbers from 0 to 2^53");
    if (begin > end)
        return refuse_tensor(
            reading, tensor,
            "has data_offsets that begin at %" PRIu64 " and end before, at %" PRIu64, begin, end);
    if (end > reading->size)
        return refuse_tensor(reading, tensor, "ends %" PRIu64 " bytes behind the end of the file",
                             end - reading->size);
    tensor->data = reading->data + begin;
    tensor->bytes = (size_t)(end - begin);
    return 0;
}

/* Other keys than the three are passed over, as the reference reader does. */
static int read_tensor(const struct reading *reading, const cJSON *entry,
                       struct safetensors_tensor *tensor)
{
    char text[SHOWN];
    size_t bits = 0;
    tensor->name = memory_copy_text(entry->string);
    if (!cJSON_IsObject(entry))
        return refuse_tensor(reading, tensor, "is described by no JSON object");
    const char *repeated = json_repeated_name(entry);
    if (repeated)
        return refuse_tensor(reading, tensor, "has two values of '%s'", shown(repeated, text));
    if (read_dtype(reading, cJSON_GetObjectItemCaseSensitive(entry, "dtype"), tensor, &bits) < 0 ||
        read_shape(reading, cJSON_GetObjectItemCaseSensitive(entry, "shape"), tensor) < 0 ||
        read_offsets(reading, cJSON_GetObjectItemCaseSensitive(entry, "data_offsets"), tensor) < 0)
        return -1;
    require(bits > 0); /* no dtype of the table has none */
    if (tensor->elements > SIZE_MAX / bits || tensor->elements * bits % 8 != 0 ||
        tensor->elements * bits / 8 != tensor->bytes)
        return refuse_tensor(reading, tensor,
                             "has %zu elements of dtype %s by its shape but %zu bytes of data",
                             tensor->elements, tensor->dtype_name, tensor->bytes);
    return 0;
}

/* --- the file --------------------------------------------------------------------------------- */

static int check_metadata(const struct reading *reading, const cJSON *metadata)
{
    char text[SHOWN];
    if (!cJSON_IsObject(metadata))
        return refuse(reading, "its __metadata__ is no JSON object");
    for (const cJSON *item = metadata->child; item; item = item->next)
        if (!cJSON_IsString(item))
            return refuse(reading, "'%s' in its __metadata__ is no text",
                          shown(item->string, text));
    const char *repeated = json_repeated_name(metadata);
    if (repeated)
        return refuse(reading, "its __metadata__ has two values of '%s'", shown(repeated, text));
    return 0;
}

static int compare_names(const void *a, const void *b)
{
    const struct safetensors_tensor *left = a, *right = b;
    return strcmp(left->name, right->name);
}

/* By where they begin; an empty one is in front of what begins where it does. */
static int compare_places(const void *a, const void *b)
{
    const struct safetensors_tensor *left = a, *right = b;
    if (left->data != right->data)
        return left->data < right->data ? -1 : 1;
    if (left->bytes != right->bytes)
        return left->bytes < right->bytes ? -1 : 1;
    return strcmp(left->name, right->name);
}

/* The tensors lie end to end and fill the file. */
static int check_places(const struct reading *reading)
{
    struct safetensors *file = reading->file;
    const uint8_t *end = reading->data;
    qsort(file->tensors, (size_t)file->count, sizeof *file->tensors, compare_places);
    for (int i = 0; i < file->count; i++) {
        const struct safetensors_tensor *tensor = &file->tensors[i];
        if (tensor->data < end)
            return refuse_tensor(reading, tensor, "overlaps another one");
        if (tensor->data > end)
            return refuse_tensor(reading, tensor, "has %zu bytes in front of it that are of none",
                                 (size_t)(tensor->data - end));
        end += tensor->bytes;
    }
    size_t left = reading->size - (size_t)(end - reading->data);
    return left == 0 ? 0 : refuse(reading, "%zu bytes stand behind its last tensor", left);
}

/* The text is looked through before cJSON sees it, and names once more behind it: what cJSON lets
 * pass, other readers take in other ways. */
static int read_header(const struct reading *reading, const uint8_t *header, size_t size)
{
    struct safetensors *file = reading->file;
    char shown_name[SHOWN];
    int status = -1;
    if (size == 0 || header[0] != '{')
        return refuse(reading, "its header does not begin with {");
    if (check_text(reading, header, size) < 0)
        return -1;
    char *text = memory_new(size + 1, 1); /* with a NUL, which cJSON may look at */
    memcpy(text, header, size);
    cJSON *root = cJSON_ParseWithLengthOpts(text, size + 1, NULL, true);
    free(text);
    if (!root)
        return refuse(reading, "its header is not JSON");

    const char *repeated = json_repeated_name(root);
    if (repeated) {
        refuse(reading, "its header has '%s' twice", shown(repeated, shown_name));
        goto done;
    }
    file->tensors = memory_new((size_t)cJSON_GetArraySize(root), sizeof *file->tensors);
    for (const cJSON *item = root->child; item; item = item->next) {
        bool metadata = strcmp(item->string, "__metadata__") == 0;
        if (metadata ? check_metadata(reading, item) < 0
                     : read_tensor(reading, item, &file->tensors[file->count++]) < 0)
            goto done;
    }
    status = 0;
done:
    cJSON_Delete(root);
    return status;
}

static int read_file(struct safetensors *file, struct error *err)
{
    struct reading reading = {.file = file, .err = err};
    if (file->map.size < LENGTH_BYTES)
        return refuse(&reading,
                      file->map.size == 0 ? "it is empty" : "it ends in its first 8 bytes");
    struct byte_reader reader;
    byte_reader_init(&reader, file->map.data, LENGTH_BYTES);
    uint64_t length = byte_reader_u64(&reader);
    size_t rest = file->map.size - LENGTH_BYTES;
    if (length > LONGEST_HEADER)
        return refuse(&reading,
                      "by its first 8 bytes its header has %" PRIu64 " bytes, at most %d "
                      "are allowed",
                      length, LONGEST_HEADER);
    if (length > rest)
        return refuse(&reading, "its header has %" PRIu64 " bytes but the file ends after %zu",
                      length, rest);
    const uint8_t *header = file->map.data + LENGTH_BYTES;
    reading.data = header + length;
    reading.size = rest - (size_t)length;
    if (read_header(&reading, header, (size_t)length) < 0 || check_places(&reading) < 0)
        return -1;
    qsort(file->tensors, (size_t)file->count, sizeof *file->tensors, compare_names);
    return 0;
}

int safetensors_open(struct safetensors *file, const char *path, struct error *err)
{
    *file = (struct safetensors){0};
    if (file_map_open(&file->map, path, err) < 0)
        return -1;
    file->path = memory_copy_text(path);
    int status = read_file(file, err);
    if (status < 0)
        safetensors_close(file);
    return status;
}

void safetensors_close(struct safetensors *file)
{
    for (int i = 0; i < file->count; i++)
        free(file->tensors[i].name);
    free(file->tensors);
    free(file->path);
    file_map_close(&file->map);
    *file = (struct safetensors){0};
}

const struct safetensors_tensor *safetensors_find(const struct safetensors *file, const char *name)
{
    struct safetensors_tensor wanted = {.name = (char *)name};
    if (file->count == 0)
        return NULL;
    return bsearch(&wanted, file->tensors, (size_t)file->count, sizeof wanted, compare_names);
}

bool safetensors_is_real(enum safetensors_dtype dtype)
{
    return dtype == SAFETENSORS_F32 || dtype == SAFETENSORS_F16 || dtype == SAFETENSORS_BF16 ||
           dtype == SAFETENSORS_F64;
}

/* Data in the file is aligned to nothing. */
static float half_at(const uint8_t *data, size_t i, enum safetensors_dtype dtype)
{
    uint16_t bits;
    memcpy(&bits, data + i * sizeof bits, sizeof bits);
    return dtype == SAFETENSORS_F16 ? float16_to_float(bits) : bfloat16_to_float(bits);
}

static float double_at(const uint8_t *data, size_t i)
{
    double value;
    memcpy(&value, data + i * sizeof value, sizeof value);
    return (float)value;
}

void safetensors_first_floats(const struct safetensors_tensor *tensor, size_t count, float *values)
{
    require(safetensors_is_real(tensor->dtype) && count <= tensor->elements);
    if (tensor->dtype == SAFETENSORS_F32) {
        if (count != 0)
            memcpy(values, tensor->data, count * sizeof *values);
    } else if (tensor->dtype == SAFETENSORS_F64) {
        for (size_t i = 0; i < count; i++)
            values[i] = double_at(tensor->data, i);
    } else {
        for (size_t i = 0; i < count; i++)
            values[i] = half_at(tensor->data, i, tensor->dtype);
    }
}

void safetensors_floats(const struct safetensors_tensor *tensor, float *values)
{
    safetensors_first_floats(tensor, tensor->elements, values);
}
