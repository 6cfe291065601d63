/* Reading: files laid out here by hand, good ones and one for each thing that can be wrong with
 * one; and thousands damaged by chance. */
#include "../dist/ranks.h"
#include "sample.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lambert/base/file.h"
#include "lambert/base/float16.h"
#include "lambert/base/memory.h"
#include "lambert/base/rng.h"
#include "lambert/store/safetensors.h"

/* A file of this header and that many bytes of data, byte i being i % 251. */
static void lay_out(struct buffer *bytes, const void *header, size_t header_size, size_t data_size)
{
    buffer_reset(bytes);
    buffer_put_u64(bytes, header_size);
    buffer_put(bytes, header, header_size);
    for (size_t i = 0; i < data_size; i++)
        buffer_put_u8(bytes, (uint8_t)(i % 251));
}

static const char *put_file(const void *header, size_t header_size, size_t data_size)
{
    struct buffer bytes = {0};
    const char *path = scratch_path("file.safetensors");
    lay_out(&bytes, header, header_size, data_size);
    scratch_write(path, bytes.data, bytes.size);
    buffer_release(&bytes);
    return path;
}

static void open_good(struct safetensors *file, const char *header, size_t data_size)
{
    struct error err;
    if (safetensors_open(file, put_file(header, strlen(header), data_size), &err) != 0)
        fail_msg("%s", err.text);
}

/* One sentence that names the file, gives the reason and says what to do; nothing is left open. */
static void assert_refused_file(const char *path, const char *reason)
{
    struct error err = {""};
    struct safetensors file;
    if (safetensors_open(&file, path, &err) == 0)
        fail_msg("accepted, though %s", reason);
    if (strstr(err.text, reason) == NULL)
        fail_msg("'%s' should have said '%s'", err.text, reason);
    assert_non_null(strstr(err.text, path));
    assert_non_null(strstr(err.text, "fetch it or write it again"));
    assert_null(strchr(err.text, '\n'));
    assert_null(file.map.data);
    assert_null(file.tensors);
    assert_int_equal(file.count, 0);
    safetensors_close(&file);
}

static void assert_refused(const char *header, size_t data_size, const char *reason)
{
    assert_refused_file(put_file(header, strlen(header), data_size), reason);
}

/* --- good files ------------------------------------------------------------------------------- */

/* Tensors in no order at all, two empty ones, a scalar, keys nobody knows, data aligned to nothing;
 * the 7 bytes of "odd" come first. */
static const char mixed[] =
    "{\"w\": {\"dtype\":\"F32\", \"shape\":[2,3], \"data_offsets\":[11,35], "
    "\"more\":[{\"x\":null}]},"
    "\"__metadata__\":{\"format\":\"pt\",\"by\":\"ha\\\"nd\"},\n"
    "\"zero\":{\"shape\":[0,9007199254740991,9007199254740991],\"dtype\":\"F64\",\"data_offsets\":["
    "11,11]},"
    "\"h\":{\"dtype\":\"F16\",\"shape\":[1,1,1,1,1,1,1,2],\"data_offsets\":[7,11]},"
    "\"b\\u00e9\":{\"dtype\":\"BF16\",\"shape\":[],\"data_offsets\":[35,37]},"
    "\"ids\":{\"dtype\":\"I64\",\"shape\":[1],\"data_offsets\":[37,45]},"
    "\"none too\":{\"shape\":[4,0],\"dtype\":\"F32\",\"data_offsets\":[45,45]},"
    "\"odd\":{\"dtype\":\"U8\",\"shape\":[7],\"data_offsets\":[0,7]}}\r\n\t  ";

static void what_is_in_it(void **state)
{
    (void)state;
    struct safetensors file;
    open_good(&file, mixed, 45);
    static const char *const names[] = {"b\xc3\xa9", "h", "ids", "none too", "odd", "w", "zero"};
    assert_int_equal(file.count, 7);
    for (int i = 0; i < 7; i++) {
        assert_string_equal(file.tensors[i].name, names[i]);
        assert_ptr_equal(safetensors_find(&file, names[i]), &file.tensors[i]);
    }
    assert_null(safetensors_find(&file, "__metadata__"));
    assert_null(safetensors_find(&file, "W"));
    const struct safetensors_tensor *w = safetensors_find(&file, "w");
    const uint8_t *data = file.map.data + 8 + strlen(mixed);
    assert_int_equal(w->dtype, SAFETENSORS_F32);
    assert_string_equal(w->dtype_name, "F32");
    assert_int_equal(w->dimensions, 2);
    assert_int_equal(w->shape[0], 2);
    assert_int_equal(w->shape[1], 3);
    assert_int_equal(w->elements, 6);
    assert_int_equal(w->bytes, 24);
    assert_ptr_equal(w->data, data + 11);
    assert_int_equal(safetensors_find(&file, "h")->dimensions, SAFETENSORS_DIMENSIONS);
    assert_int_equal(safetensors_find(&file, "h")->dtype, SAFETENSORS_F16);
    assert_int_equal(safetensors_find(&file, "b\xc3\xa9")->dimensions, 0);
    assert_int_equal(safetensors_find(&file, "b\xc3\xa9")->elements, 1);
    assert_int_equal(safetensors_find(&file, "ids")->dtype, SAFETENSORS_I64);
    assert_int_equal(safetensors_find(&file, "odd")->dtype, SAFETENSORS_OTHER);
    assert_int_equal(safetensors_find(&file, "zero")->elements, 0);
    assert_string_equal(safetensors_find(&file, "zero")->dtype_name, "F64");
    assert_ptr_equal(safetensors_find(&file, "none too")->data, data + 45);
    safetensors_close(&file);
    safetensors_close(&file);
}

static uint16_t u16_at(const uint8_t *data)
{
    return (uint16_t)(data[0] | data[1] << 8);
}

static void values_as_floats(void **state)
{
    (void)state;
    struct safetensors file;
    float values[6];
    open_good(&file, mixed, 45);
    const struct safetensors_tensor *w = safetensors_find(&file, "w");
    safetensors_floats(w, values);
    assert_memory_equal(values, w->data, sizeof values);
    const struct safetensors_tensor *h = safetensors_find(&file, "h");
    safetensors_floats(h, values);
    assert_true(values[0] == float16_to_float(u16_at(h->data)));
    assert_true(values[1] == float16_to_float(u16_at(h->data + 2)));
    const struct safetensors_tensor *b = safetensors_find(&file, "b\xc3\xa9");
    safetensors_floats(b, values);
    assert_true(values[0] == bfloat16_to_float(u16_at(b->data)));
    safetensors_floats(safetensors_find(&file, "none too"), values);
    safetensors_close(&file);
}

/* Rounded to nearest even as PyTorch rounds; the first of them alone, too. */
static void doubles_as_floats(void **state)
{
    (void)state;
    static const char header[] =
        "{\"d\":{\"dtype\":\"F64\",\"shape\":[5],\"data_offsets\":[0,40]}}";
    const double doubles[5] = {1 + 0x1p-24, 1 + 0x3p-24, -0x1p-149, 1e300, 0.1};
    const float wanted[5] = {1, 1 + 0x1p-22f, -0x1p-149f, (float)INFINITY, 0.1f};
    struct safetensors file;
    struct buffer bytes = {0};
    struct error err;
    float values[5] = {0};
    buffer_put_u64(&bytes, sizeof header - 1);
    buffer_put(&bytes, header, sizeof header - 1);
    buffer_put(&bytes, doubles, sizeof doubles);
    const char *path = scratch_path("doubles.safetensors");
    scratch_write(path, bytes.data, bytes.size);
    buffer_release(&bytes);
    assert_int_equal(safetensors_open(&file, path, &err), 0);
    assert_int_equal(file.tensors[0].dtype, SAFETENSORS_F64);
    assert_true(safetensors_is_real(SAFETENSORS_F64) && !safetensors_is_real(SAFETENSORS_I64));
    safetensors_floats(&file.tensors[0], values);
    assert_memory_equal(values, wanted, sizeof wanted);
    values[2] = 7;
    safetensors_first_floats(&file.tensors[0], 2, values);
    assert_true(values[1] == wanted[1] && values[2] == 7);
    safetensors_close(&file);
}

static void no_tensors(void **state)
{
    (void)state;
    struct safetensors file;
    open_good(&file, "{}", 0);
    assert_int_equal(file.count, 0);
    assert_null(safetensors_find(&file, ""));
    safetensors_close(&file);
    open_good(&file, "{\"__metadata__\":{}}      ", 0);
    assert_int_equal(file.count, 0);
    safetensors_close(&file);
    struct safetensors zeroed = {0};
    safetensors_close(&zeroed);
}

/* The file of the reference implementation's own tests (tensor.rs, test_serialization). */
static void a_file_of_the_reference_writer(void **state)
{
    (void)state;
    static const char header[] =
        "{\"attn.0\":{\"dtype\":\"F32\",\"shape\":[1,2,3],\"data_offsets\":[0,24]}}";
    struct buffer bytes = {0};
    struct safetensors file;
    struct error err;
    float values[6];
    buffer_put_u64(&bytes, 64);
    buffer_put(&bytes, header, 64);
    for (int i = 0; i < 6; i++) {
        float value = (float)i;
        buffer_put(&bytes, &value, sizeof value);
    }
    scratch_write(scratch_path("reference"), bytes.data, bytes.size);
    assert_int_equal(safetensors_open(&file, scratch_path("reference"), &err), 0);
    safetensors_floats(safetensors_find(&file, "attn.0"), values);
    for (int i = 0; i < 6; i++)
        assert_true(values[i] == (float)i);
    safetensors_close(&file);
    buffer_release(&bytes);
}

static void every_dtype_has_its_size(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum safetensors_dtype dtype;
        int bytes; /* of 8 elements */
    } dtypes[] = {
        {"F32", SAFETENSORS_F32, 32},          {"F16", SAFETENSORS_F16, 16},
        {"BF16", SAFETENSORS_BF16, 16},        {"I64", SAFETENSORS_I64, 64},
        {"F64", SAFETENSORS_F64, 64},          {"C64", SAFETENSORS_OTHER, 64},
        {"U64", SAFETENSORS_OTHER, 64},        {"I32", SAFETENSORS_OTHER, 32},
        {"U32", SAFETENSORS_OTHER, 32},        {"I16", SAFETENSORS_OTHER, 16},
        {"U16", SAFETENSORS_OTHER, 16},        {"I8", SAFETENSORS_OTHER, 8},
        {"U8", SAFETENSORS_OTHER, 8},          {"BOOL", SAFETENSORS_OTHER, 8},
        {"F8_E4M3", SAFETENSORS_OTHER, 8},     {"F8_E5M2", SAFETENSORS_OTHER, 8},
        {"F8_E8M0", SAFETENSORS_OTHER, 8},     {"F8_E4M3FNUZ", SAFETENSORS_OTHER, 8},
        {"F8_E5M2FNUZ", SAFETENSORS_OTHER, 8}, {"F6_E2M3", SAFETENSORS_OTHER, 6},
        {"F6_E3M2", SAFETENSORS_OTHER, 6},     {"F4", SAFETENSORS_OTHER, 4},
    };
    for (size_t i = 0; i < sizeof dtypes / sizeof *dtypes; i++)
        for (int more = 0; more <= 1; more++) {
            struct safetensors file;
            int bytes = dtypes[i].bytes + more;
            char *header =
                memory_text("{\"t\":{\"dtype\":\"%s\",\"shape\":[8],\"data_offsets\":[0,%d]}}",
                            dtypes[i].name, bytes);
            if (more) {
                assert_refused(header, (size_t)bytes, "tensor 't' has 8 elements of dtype");
            } else {
                open_good(&file, header, (size_t)bytes);
                assert_int_equal(file.tensors[0].dtype, dtypes[i].dtype);
                assert_string_equal(file.tensors[0].dtype_name, dtypes[i].name);
                safetensors_close(&file);
            }
            free(header);
        }
}

/* --- bad files -------------------------------------------------------------------------------- */

static void not_such_a_file(void **state)
{
    (void)state;
    struct buffer bytes = {0};
    const char *path = scratch_path("other");
    scratch_write(path, "", 0);
    assert_refused_file(path, "it is empty");
    scratch_write(path, "\2\0\0\0\0\0\0", 7);
    assert_refused_file(path, "it ends in its first 8 bytes");
    scratch_write(path, "PK\3\4\0\0\0\0\0\0{}", 12);
    assert_refused_file(path, "its header has 67324752 bytes but the file ends after 4");
    scratch_write(path, "\1\xe1\xf5\5\0\0\0\0{}", 10);
    assert_refused_file(path, "its header has 100000001 bytes, at most 100000000 are allowed");
    scratch_write(path, "\xff\xff\xff\xff\xff\xff\xff\xff{}", 10);
    assert_refused_file(path, "its header has 18446744073709551615 bytes, at most 100000000 are");
    scratch_write(path, "\0\0\0\0\0\0\0\0", 8);
    assert_refused_file(path, "does not begin with {");

    struct error err;
    struct safetensors file;
    assert_int_equal(safetensors_open(&file, scratch_path("missing"), &err), -1);
    assert_non_null(strstr(err.text, "No such file"));
    safetensors_close(&file);
    assert_int_equal(safetensors_open(&file, scratch_path("."), &err), -1);
    assert_non_null(strstr(err.text, "is a folder"));
    buffer_release(&bytes);
}

static void not_json(void **state)
{
    (void)state;
    assert_refused("[]", 0, "does not begin with {");
    assert_refused(" {}", 0, "does not begin with {");
    assert_refused("\xef\xbb\xbf{}", 0, "does not begin with {");
    assert_refused("{", 0, "is not JSON");
    assert_refused("{\"", 0, "is not JSON");
    assert_refused("{\"a\":{},", 0, "is not JSON");
    assert_refused("{\"a\":1e}", 0, "is not JSON");
    assert_refused("{}}", 0, "is not JSON");
    assert_refused("{} x", 0, "is not JSON");
    assert_refused("{'a':1}", 0, "is not JSON");
    assert_refused("{\"\\ud800\":1}", 0, "is not JSON");
    assert_refused("{\"\\", 0, "is not JSON");
    assert_refused("{\"a\\uzzzz\":1}", 0, "is not followed by four hexadecimal digits");
    assert_refused("{\"a\\u00", 0, "is not followed by four hexadecimal digits");
    assert_refused("{\"\xff\":1}", 0, "is not UTF-8");
    assert_refused("{\"\xed\xa0\x80\":1}", 0, "is not UTF-8");
    assert_refused("{\"a\nb\":1}", 0, "byte 10 in its header is no text");
    assert_refused("{\x01}", 0, "byte 1 in its header is no text");
    assert_refused_file(put_file("{}\0\0\0\0\0\0", 8, 0), "byte 0 in its header is no text");
    assert_refused_file(put_file("{\"a\0b\":1}", 9, 0), "byte 0 in its header is no text");
}

static void names_with_a_nul(void **state)
{
    (void)state;
    static const char entry[] = "\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}";
    struct safetensors file;
    char *header = memory_text("{\"a\\u0000b%s", entry);
    assert_refused(header, 1, "text in its header has a NUL in it");
    free(header);
    header = memory_text("{\"a\\\\\\u0000%s", entry);
    assert_refused(header, 1, "text in its header has a NUL in it");
    free(header);
    header = memory_text("{\"a\\\\u0000%s", entry); /* a backslash, and then plain text */
    open_good(&file, header, 1);
    assert_string_equal(file.tensors[0].name, "a\\u0000");
    safetensors_close(&file);
    free(header);
}

#define ENTRY(dtype, shape, offsets)                                                               \
    "{\"dtype\":" dtype ",\"shape\":" shape ",\"data_offsets\":" offsets "}"
#define ONE(dtype, shape, offsets) "{\"t\":" ENTRY(dtype, shape, offsets) "}"
#define F32                        "\"F32\""

static void bad_entries(void **state)
{
    (void)state;
    static const char *const nothing[] = {"null", "true", "1", "\"F32\"", "[]"};
    for (size_t i = 0; i < sizeof nothing / sizeof *nothing; i++) {
        char *header = memory_text("{\"t\":%s}", nothing[i]);
        assert_refused(header, 0, "tensor 't' is described by no JSON object");
        free(header);
    }
    assert_refused("{\"t\":{}}", 0, "tensor 't' has no dtype");
    assert_refused("{\"t\":{\"Dtype\":\"F32\"}}", 0, "tensor 't' has no dtype");
    assert_refused(ONE("1", "[1]", "[0,4]"), 4, "tensor 't' has no dtype");
    assert_refused(ONE("\"F33\"", "[1]", "[0,4]"), 4, "tensor 't' has a dtype 'F33', which is");
    assert_refused(ONE("\"f32\"", "[1]", "[0,4]"), 4, "tensor 't' has a dtype 'f32', which is");
    assert_refused(ONE("\"\"", "[1]", "[0,4]"), 4, "tensor 't' has a dtype '', which is unknown");
    assert_refused("{\"t\":{\"dtype\":\"F32\",\"data_offsets\":[0,4]}}", 4, "'t' has no shape");
    assert_refused(ONE(F32, "1", "[0,4]"), 4, "tensor 't' has no shape");
    assert_refused(ONE(F32, "{\"a\":1}", "[0,4]"), 4, "tensor 't' has no shape");
    assert_refused("{\"t\":{\"dtype\":\"F32\",\"shape\":[1]}}", 4, "'t' has no data_offsets");
    assert_refused(ONE(F32, "[1]", "4"), 4, "tensor 't' has no data_offsets");
    assert_refused(ONE(F32, "[1]", "{\"a\":0,\"b\":4}"), 4, "tensor 't' has no data_offsets");
    assert_refused(ONE(F32, "[1,1,1,1,1,1,1,1,1]", "[0,4]"), 4, "more than 8 dimensions");
    assert_refused("{\"t\":{\"dtype\":\"F32\",\"dtype\":\"F32\",\"shape\":[1],"
                   "\"data_offsets\":[0,4]}}",
                   4, "tensor 't' has two values of 'dtype'");
}

static void bad_numbers(void **state)
{
    (void)state;
    static const char *const bad[] = {"-1",
                                      "1.5",
                                      "1e-1",
                                      "9007199254740992",
                                      "18446744073709551617",
                                      "1e999",
                                      "-1e999",
                                      "\"1\"",
                                      "null",
                                      "true",
                                      "[1]",
                                      "{}"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char *header = memory_text(
            "{\"t\":{\"dtype\":\"F32\",\"shape\":[1,%s],\"data_offsets\":[0,4]}}", bad[i]);
        assert_refused(header, 4, "tensor 't' has a shape that is not of whole numbers");
        free(header);
        for (int second = 0; second <= 1; second++) {
            header =
                memory_text("{\"t\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[%s,%s]}}",
                            second ? "0" : bad[i], second ? bad[i] : "4");
            assert_refused(header, 4, "tensor 't' has data_offsets that are not two whole numbers");
            free(header);
        }
    }
    assert_refused(ONE(F32, "[1]", "[]"), 4, "not two whole numbers");
    assert_refused(ONE(F32, "[1]", "[4]"), 4, "not two whole numbers");
    assert_refused(ONE(F32, "[1]", "[0,4,8]"), 4, "not two whole numbers");
}

static void shapes_that_do_not_fit(void **state)
{
    (void)state;
    assert_refused(ONE(F32, "[2]", "[0,4]"), 4,
                   "'t' has 2 elements of dtype F32 by its shape but "
                   "4 bytes of data");
    assert_refused(ONE(F32, "[]", "[0,0]"), 0, "has 1 elements of dtype F32");
    assert_refused(ONE(F32, "[0]", "[0,4]"), 4, "has 0 elements of dtype F32");
    assert_refused(ONE("\"F4\"", "[3]", "[0,1]"), 1, "has 3 elements of dtype F4");
    /* 2^64 elements; 2^62, whose bytes are 2^64; 2^61, whose bits are 2^66: 0 when not counted
     * with care */
    assert_refused(ONE(F32, "[4294967296,4294967296]", "[0,0]"), 0, "too many elements to count");
    assert_refused(ONE(F32, "[2147483648,2147483648]", "[0,0]"), 0,
                   "has 4611686018427387904 elements of dtype F32");
    assert_refused(ONE(F32, "[2147483648,1073741824]", "[0,0]"), 0,
                   "has 2305843009213693952 elements of dtype F32");
}

static void places_that_do_not_fit(void **state)
{
    (void)state;
    assert_refused(ONE(F32, "[1]", "[4,0]"), 4,
                   "tensor 't' has data_offsets that begin at 4 and "
                   "end before, at 0");
    assert_refused(ONE(F32, "[1]", "[0,4]"), 3, "tensor 't' ends 1 bytes behind the end of the");
    assert_refused(ONE(F32, "[1]", "[9007199254740987,9007199254740991]"), 4, "behind the end of");
    assert_refused(ONE(F32, "[1]", "[4,8]"), 8, "tensor 't' has 4 bytes in front of it that are");
    assert_refused(ONE(F32, "[1]", "[0,4]"), 5, "1 bytes stand behind its last tensor");
    assert_refused("{}", 1, "1 bytes stand behind its last tensor");
    assert_refused("{\"a\":" ENTRY(F32, "[1]", "[0,4]") ",\"b\":" ENTRY(F32, "[1]", "[5,9]") "}", 9,
                   "tensor 'b' has 1 bytes in front of it that are of none");
    assert_refused("{\"b\":" ENTRY(F32, "[1]", "[3,7]") ",\"a\":" ENTRY(F32, "[1]", "[0,4]") "}", 7,
                   "tensor 'b' overlaps another one");
    assert_refused("{\"a\":" ENTRY(F32, "[1]", "[0,4]") ",\"b\":" ENTRY(F32, "[1]", "[0,4]") "}", 4,
                   "tensor 'b' overlaps another one");
    assert_refused("{\"a\":" ENTRY(F32, "[2]", "[0,8]") ",\"b\":" ENTRY(F32, "[0]", "[4,4]") "}", 8,
                   "tensor 'b' overlaps another one");
}

static void keys_given_twice(void **state)
{
    (void)state;
    assert_refused("{\"a\":" ENTRY(F32, "[1]", "[0,4]") ",\"b\":" ENTRY(
                       F32, "[1]", "[4,8]") ",\"\\u0061\":" ENTRY(F32, "[1]", "[8,12]") "}",
                   12, "its header has 'a' twice");
    assert_refused("{\"__metadata__\":{},\"__metadata__\":{}}", 0, "has '__metadata__' twice");
}

static void bad_metadata(void **state)
{
    (void)state;
    assert_refused("{\"__metadata__\":1}", 0, "its __metadata__ is no JSON object");
    assert_refused("{\"__metadata__\":[\"a\"]}", 0, "its __metadata__ is no JSON object");
    assert_refused("{\"__metadata__\":null}", 0, "its __metadata__ is no JSON object");
    assert_refused("{\"__metadata__\":{\"a\":\"b\",\"c\":1}}", 0, "'c' in its __metadata__ is no");
    assert_refused("{\"__metadata__\":{\"a\":{\"b\":\"c\"}}}", 0, "'a' in its __metadata__ is no");
    assert_refused("{\"__metadata__\":{\"a\":\"b\",\"a\":\"c\"}}", 0, "has two values of 'a'");
}

/* Nested a hundred thousand deep, of a million values, and a name too long to print. */
static void headers_made_to_hurt(void **state)
{
    (void)state;
    enum { MANY = 100000 };
    struct buffer header = {0};
    static const char *const openers[] = {"[", "{\"a\":"};
    for (int i = 0; i < 2; i++) {
        buffer_reset(&header);
        buffer_print(&header, "{\"t\":");
        for (int depth = 0; depth < MANY; depth++)
            buffer_print(&header, "%s", openers[i]);
        assert_refused(buffer_text(&header), 0, "is not JSON");
    }
    buffer_reset(&header);
    buffer_print(&header, "{\"t\":{\"dtype\":\"F32\",\"shape\":[1");
    for (int i = 0; i < 11 * MANY; i++)
        buffer_print(&header, ",1");
    buffer_print(&header, "],\"data_offsets\":[0,4]}}");
    assert_refused(buffer_text(&header), 4, "its header has more than 1048576 values");

    buffer_reset(&header);
    buffer_print(&header, "{\"\\n\\u001b");
    for (int i = 0; i < MANY; i++)
        buffer_print(&header, "\xc3\xa9"); /* two bytes, so that the cut may fall between them */
    buffer_print(&header, "\":1}");
    assert_refused(buffer_text(&header), 0, "tensor '??\xc3\xa9\xc3\xa9");
    assert_refused(buffer_text(&header), 0, "\xa9' is described by no JSON object");
    buffer_release(&header);
}

static void every_truncation_is_refused(void **state)
{
    (void)state;
    struct buffer whole = {0};
    const char *path = scratch_path("cut");
    lay_out(&whole, mixed, strlen(mixed), 45);
    for (size_t size = 0; size < whole.size; size++) {
        scratch_write(path, whole.data, size);
        assert_refused_file(path, "");
    }
    buffer_release(&whole);
}

/* --- damage by chance ------------------------------------------------------------------------- */

static uint64_t header_length(const struct buffer *bytes)
{
    struct byte_reader reader;
    byte_reader_init(&reader, bytes->data, bytes->size);
    return byte_reader_u64(&reader);
}

static void put_header_length(struct buffer *bytes, uint64_t length)
{
    for (int i = 0; i < 8; i++)
        bytes->data[i] = (uint8_t)(length >> (8 * i));
}

/* Takes `out` bytes away at a place and puts a piece of the whole file there. */
static void splice(struct buffer *bytes, size_t at, size_t out, const void *piece, size_t in)
{
    struct buffer made = {0};
    buffer_put(&made, bytes->data, at);
    buffer_put(&made, piece, in);
    buffer_put(&made, bytes->data + at + out, bytes->size - at - out);
    buffer_release(bytes);
    *bytes = made;
}

/* One change: a bit, a byte that means something in JSON, or a run that is taken out, doubled, or
 * brought from elsewhere; mostly in the header, whose length is mostly put right again. */
static void mutate(struct buffer *bytes, const struct buffer *whole, struct rng *rng)
{
    static const char telling[] = "{}[]\",:\\0123456789-.eEuFB \t\n\xff";
    uint64_t length = header_length(whole);
    bool in_header = rng_below(rng, 8) != 0 && bytes->size > length + 8;
    size_t first = in_header ? 8 : 0;
    size_t room = in_header ? (size_t)length : bytes->size;
    size_t at = first + rng_below(rng, (uint32_t)room), before = bytes->size;
    size_t out = rng_below(rng, 24), in = rng_below(rng, 24);
    if (out > first + room - at)
        out = first + room - at;
    switch (rng_below(rng, 5)) {
    case 0:
        bytes->data[at] ^= (uint8_t)(1 << rng_below(rng, 8));
        break;
    case 1:
        bytes->data[at] = (uint8_t)telling[rng_below(rng, sizeof telling)];
        break;
    case 2:
        splice(bytes, at, out, NULL, 0);
        break;
    case 3:
        splice(bytes, at, 0, bytes->data + at, out);
        break;
    default:
        splice(bytes, at, out, whole->data + rng_below(rng, (uint32_t)(whole->size - in)), in);
    }
    if (in_header && rng_below(rng, 8) != 0 && bytes->size >= 8)
        put_header_length(bytes, header_length(bytes) + bytes->size - before);
}

/* What an open file promises; reading every byte is for the address sanitizer. */
static void assert_sound(const struct safetensors *file)
{
    size_t sum = 0, size = file->map.size;
    for (int i = 0; i < file->count; i++) {
        const struct safetensors_tensor *tensor = &file->tensors[i];
        size_t elements = 1;
        assert_true(i == 0 || strcmp(file->tensors[i - 1].name, tensor->name) < 0);
        assert_in_range(tensor->dimensions, 0, SAFETENSORS_DIMENSIONS);
        for (int d = 0; d < tensor->dimensions; d++)
            elements *= (size_t)tensor->shape[d];
        assert_int_equal(tensor->elements, elements);
        assert_true(tensor->data >= file->map.data + 8 && tensor->data <= file->map.data + size);
        assert_true(tensor->bytes <= (size_t)(file->map.data + size - tensor->data));
        sum += tensor->bytes;
        if (tensor->dtype <= SAFETENSORS_BF16) {
            float *values = memory_new(elements, sizeof *values);
            assert_int_equal(tensor->bytes, elements * (tensor->dtype == SAFETENSORS_F32 ? 4 : 2));
            safetensors_floats(tensor, values);
            free(values);
        }
    }
    struct buffer head = {.data = (uint8_t *)file->map.data, .size = size};
    assert_int_equal(sum, size - 8 - header_length(&head));
}

static void put_string(struct buffer *header, const char *text)
{
    buffer_print(header, "\"");
    for (const char *c = text; *c != '\0'; c++)
        if (*c == '"' || *c == '\\' || (unsigned char)*c < ' ')
            buffer_print(header, "\\u%04x", *c);
        else
            buffer_print(header, "%c", *c);
    buffer_print(header, "\"");
}

/* The list of a file written down as a file's header, which, opened, must be the same list. */
static void assert_read_again(const struct safetensors *file)
{
    struct buffer header = {0};
    struct safetensors again;
    struct buffer head = {.data = (uint8_t *)file->map.data, .size = file->map.size};
    size_t data_size = file->map.size - 8 - (size_t)header_length(&head);
    const uint8_t *data = file->map.data + file->map.size - data_size;
    buffer_print(&header, "{");
    for (int i = file->count - 1; i >= 0; i--) {
        const struct safetensors_tensor *tensor = &file->tensors[i];
        put_string(&header, tensor->name);
        buffer_print(&header, ":{\"data_offsets\":[%td,%zu],\"dtype\":\"%s\",\"shape\":[",
                     tensor->data - data, (size_t)(tensor->data - data) + tensor->bytes,
                     tensor->dtype_name);
        for (int d = 0; d < tensor->dimensions; d++)
            buffer_print(&header, "%s%lld", d > 0 ? "," : "", (long long)tensor->shape[d]);
        buffer_print(&header, "]}%s", i > 0 ? "," : "");
    }
    buffer_print(&header, "}");
    open_good(&again, buffer_text(&header), data_size);
    assert_int_equal(again.count, file->count);
    for (int i = 0; i < again.count; i++) {
        const struct safetensors_tensor *left = &file->tensors[i], *right = &again.tensors[i];
        assert_string_equal(left->name, right->name);
        assert_string_equal(left->dtype_name, right->dtype_name);
        assert_int_equal(left->dtype, right->dtype);
        assert_int_equal(left->dimensions, right->dimensions);
        assert_memory_equal(left->shape, right->shape, sizeof left->shape);
        assert_int_equal(left->elements, right->elements);
        assert_int_equal(left->bytes, right->bytes);
    }
    safetensors_close(&again);
    buffer_release(&header);
}

static void damage_by_chance(void **state)
{
    (void)state;
    struct buffer whole = {0}, bytes = {0};
    struct rng rng;
    int accepted = 0;
    const char *path = memory_copy_text(scratch_path("mutated.safetensors"));
    lay_out(&whole, mixed, strlen(mixed), 45);
    rng_init(&rng, rng_key(1, RNG_TEST, 213, 0));
    for (int i = 0; i < 20000; i++) {
        struct safetensors file;
        struct error err = {""};
        buffer_reset(&bytes);
        buffer_put(&bytes, whole.data, whole.size);
        for (uint32_t n = rng_below(&rng, 3); n < 3 && bytes.size > 8; n++)
            mutate(&bytes, &whole, &rng);
        scratch_write(path, bytes.data, bytes.size);
        if (safetensors_open(&file, path, &err) == 0) {
            accepted++;
            assert_sound(&file);
            assert_read_again(&file);
            safetensors_close(&file);
        } else {
            assert_ptr_equal(strstr(err.text, path), err.text);
        }
    }
    assert_in_range(accepted, 500, 19500); /* both ways were gone often */
    free((char *)path);
    buffer_release(&whole);
    buffer_release(&bytes);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        RANKS_TEST(what_is_in_it),
        RANKS_TEST(values_as_floats),
        RANKS_TEST(doubles_as_floats),
        RANKS_TEST(no_tensors),
        RANKS_TEST(a_file_of_the_reference_writer),
        RANKS_TEST(every_dtype_has_its_size),
        RANKS_TEST(not_such_a_file),
        RANKS_TEST(not_json),
        RANKS_TEST(names_with_a_nul),
        RANKS_TEST(bad_entries),
        RANKS_TEST(bad_numbers),
        RANKS_TEST(shapes_that_do_not_fit),
        RANKS_TEST(places_that_do_not_fit),
        RANKS_TEST(keys_given_twice),
        RANKS_TEST(bad_metadata),
        RANKS_TEST(headers_made_to_hurt),
        RANKS_TEST(every_truncation_is_refused),
        RANKS_TEST(damage_by_chance),
    };
    if (ranks_open(&argc, &argv) != 0)
        return 1;
    scratch_open(ranks);
    int failures = cmocka_run_group_tests(tests, NULL, ranks_check);
    scratch_close(ranks);
    return ranks_close(failures);
}
