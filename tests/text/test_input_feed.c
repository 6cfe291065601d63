#include "lib/scratch.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

#include "lambert/base/file.h"
#include "lambert/base/hash.h"
#include "lambert/base/memory.h"
#include "lambert/base/rng.h"
#include "lambert/text/document_reader.h"
#include "lambert/text/input_feed.h"
#include "lambert/text/input_look.h"

enum { LEAST = 4096 };

static void write_bytes(const char *name, const struct buffer *text)
{
    struct error err;
    assert_int_equal(file_write(name, text->data, text->size, &err), 0);
}

static void write_gzip(const char *name, const struct buffer *text)
{
    gzFile file = gzopen(name, "wb");
    assert_non_null(file);
    if (text->size > 0)
        assert_int_equal(gzwrite(file, text->data, (unsigned)text->size), text->size);
    assert_int_equal(gzclose(file), Z_OK);
}

/* Documents of some lines each; now and then a long one. */
static void make_text(struct buffer *text, enum text_layout layout, uint64_t seed, int documents)
{
    struct rng rng;
    rng_init(&rng, rng_key(seed, RNG_TEST, 0, 0));
    for (int d = 0; d < documents; d++) {
        uint32_t lines = rng_below(&rng, 40) == 0 ? 120 : 1 + rng_below(&rng, 6);
        if (layout == LAYOUT_WIKI)
            buffer_print(text, "<doc id=\"%d\" url=\"u\" title=\"T%d\">\nT%d\n\n", d, d, d);
        if (layout == LAYOUT_JSON)
            buffer_print(text, "{\"title\": \"T%d\", \"text\": \"", d);
        for (uint32_t line = 0; line < lines; line++)
            buffer_print(
                text, "document %d line %u %.*s%s", d, line, (int)rng_below(&rng, 80),
                "................................................................................",
                layout == LAYOUT_JSON ? "\\n" : "\n");
        buffer_print(text, layout == LAYOUT_WIKI   ? "</doc>\n"
                           : layout == LAYOUT_JSON ? "\"}\n"
                                                   : "\n");
    }
}

static const struct text_options no_options = {.encoding = NULL};

/* As a command has it before it reads. */
static void open_list(struct input_list *list, char *const *inputs, int count)
{
    struct error err;
    if (input_list_open(list, inputs, count, NULL, &err) < 0 ||
        input_look(list, &no_options, &err) < 0)
        fail_msg("%s", err.text);
}

/* --- what a feed gives ------------------------------------------------------------------------ */

/* Of one part. */
struct part {
    uint64_t chunk;
    uint32_t part;
    bool last;
    uint64_t hash; /* of its documents and their order */
    uint64_t sum;  /* of the hashes of its documents, each of which says its number */
    uint64_t documents;
    uint64_t bytes; /* of its spans */
    size_t capacity;
};

struct parts {
    struct part *parts;
    size_t count;
};

static void hash_span(struct part *part, const struct input_work *work,
                      const struct input_span *span)
{
    static const struct text_options plainly = {0};
    struct document_reader reader;
    struct document document;
    document_init(&document);
    document_reader_init(&reader, span->layout, &plainly,
                         (const char *)work->text.data + span->begin, span->end - span->begin);
    while (document_reader_next(&reader, &document)) {
        part->hash = hash_bytes_seeded(document.text.data, document.text.size, part->hash);
        part->sum += hash_bytes(document.text.data, document.text.size);
        part->documents++;
    }
    part->bytes += span->end - span->begin;
    document_release(&document);
    document_reader_release(&reader);
}

static void add_part(struct parts *parts, const struct input_work *work)
{
    struct part part = {.chunk = work->chunk,
                        .part = work->part,
                        .last = work->last,
                        .capacity = work->text.capacity};
    for (int s = 0; s < work->span_count; s++)
        hash_span(&part, work, &work->spans[s]);
#pragma omp critical
    {
        parts->parts = memory_resize(parts->parts, parts->count + 1, sizeof part);
        parts->parts[parts->count++] = part;
    }
}

static void take_all(struct parts *parts, const struct input_list *list,
                     const struct input_feed_options *options, int threads)
{
    struct input_feed *feed = input_feed_new(list, options);
#pragma omp parallel num_threads(threads)
    {
        struct input_work work = {0};
        struct error err;
        int got;
        while ((got = input_feed_next(feed, &work, &err)) == 1)
            add_part(parts, &work);
        if (got < 0)
            print_message("%s\n", err.text);
        input_work_release(&work);
    }
    input_feed_free(feed);
}

static int by_place(const void *a, const void *b)
{
    const struct part *x = a, *y = b;
    if (x->chunk != y->chunk)
        return x->chunk < y->chunk ? -1 : 1;
    return (x->part > y->part) - (x->part < y->part);
}

/* All parts of all ranks, in order. */
static struct parts collect(char *const *inputs, int count, uint64_t chunk_bytes, int ranks,
                            int threads)
{
    struct input_list list;
    struct parts parts = {0};
    open_list(&list, inputs, count);
    for (int rank = 0; rank < ranks; rank++) {
        struct input_feed_options options = {
            .chunk_bytes = chunk_bytes, .rank = (uint64_t)rank, .ranks = (uint64_t)ranks};
        take_all(&parts, &list, &options, threads);
    }
    qsort(parts.parts, parts.count, sizeof *parts.parts, by_place);
    input_list_close(&list);
    return parts;
}

static uint64_t documents_of(const struct parts *parts, uint64_t *bytes)
{
    uint64_t documents = 0;
    *bytes = 0;
    for (size_t i = 0; i < parts->count; i++) {
        documents += parts->parts[i].documents;
        *bytes += parts->parts[i].bytes;
    }
    return documents;
}

static uint64_t contents_of(const struct parts *parts)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < parts->count; i++)
        sum += parts->parts[i].sum;
    return sum;
}

/* Every chunk begins with part 0 and ends with its last. */
static void assert_complete(const struct parts *parts)
{
    for (size_t i = 0; i < parts->count; i++) {
        const struct part *part = &parts->parts[i], *before = i ? part - 1 : NULL;
        if (!before || before->last) {
            assert_int_equal(part->chunk, before ? before->chunk + 1 : 0);
            assert_int_equal(part->part, 0);
        } else {
            assert_int_equal(part->chunk, before->chunk);
            assert_int_equal(part->part, before->part + 1);
        }
    }
    assert_true(parts->count > 0 && parts->parts[parts->count - 1].last);
}

static void assert_same(const struct parts *a, const struct parts *b)
{
    assert_int_equal(a->count, b->count);
    for (size_t i = 0; i < a->count; i++) {
        assert_int_equal(a->parts[i].chunk, b->parts[i].chunk);
        assert_int_equal(a->parts[i].part, b->parts[i].part);
        assert_int_equal(a->parts[i].hash, b->parts[i].hash);
        assert_int_equal(a->parts[i].bytes, b->parts[i].bytes);
    }
}

/* --- tests ------------------------------------------------------------------------------------ */

static void end_lines_with_crlf(struct buffer *text)
{
    struct buffer lines = {0};
    for (size_t i = 0; i < text->size; i++) {
        if (text->data[i] == '\n')
            buffer_put_u8(&lines, '\r');
        buffer_put_u8(&lines, text->data[i]);
    }
    buffer_release(text);
    *text = lines;
}

static void nothing_is_lost_however_it_is_cut(void **state)
{
    (void)state;
    static const struct {
        enum text_layout layout;
        bool crlf;
    } cases[] = {{LAYOUT_PLAIN, false}, {LAYOUT_WIKI, false}, {LAYOUT_JSON, false},
                 {LAYOUT_PLAIN, true},  {LAYOUT_WIKI, true},  {LAYOUT_JSON, true}};
    for (size_t l = 0; l < sizeof cases / sizeof cases[0]; l++) {
        struct buffer text = {0};
        char *inputs[] = {"text"};
        make_text(&text, cases[l].layout, l, 700);
        if (cases[l].crlf)
            end_lines_with_crlf(&text);
        write_bytes("text", &text);
        struct parts whole = collect(inputs, 1, 2 * text.size, 1, 1);
        for (uint64_t n = LEAST; n < 4 * text.size; n = n * 3 / 2 + 11) {
            struct parts one = collect(inputs, 1, n, 1, 1);
            uint64_t bytes;
            assert_complete(&one);
            if (n > 20000) { /* longer than any of the documents: none is cut */
                assert_int_equal(documents_of(&one, &bytes), 700);
                assert_int_equal(contents_of(&one), contents_of(&whole));
            }
            documents_of(&one, &bytes);
            assert_int_equal(bytes, text.size);
            struct parts many = collect(inputs, 1, n, 3, 2);
            assert_same(&one, &many);
            free(one.parts);
            free(many.parts);
        }
        free(whole.parts);
        buffer_release(&text);
    }
}

static void small_files_go_together(void **state)
{
    (void)state;
    struct buffer text = {0};
    char *inputs[300];
    make_text(&text, LAYOUT_PLAIN, 1, 3);
    for (int i = 0; i < 300; i++) {
        inputs[i] = memory_text("small-%03d", i);
        write_bytes(inputs[i], &text);
    }
    struct parts parts = collect(inputs, 300, LEAST, 1, 1),
                 again = collect(inputs, 300, LEAST, 2, 2);
    uint64_t bytes;
    assert_complete(&parts);
    assert_same(&parts, &again);
    assert_int_equal(documents_of(&parts, &bytes), 900);
    assert_int_equal(bytes, 300 * text.size);
    assert_true(parts.count <= bytes / LEAST + 1);
    for (size_t i = 0; i < parts.count; i++)
        assert_true(parts.parts[i].bytes < 2 * LEAST);
    for (int i = 0; i < 300; i++)
        free(inputs[i]);
    free(parts.parts);
    free(again.parts);
    buffer_release(&text);
}

/* A gzip file gives the documents of the file it was made of, in parts of bounded size. */
static void gzip_is_cut_as_plain_text_is(void **state)
{
    (void)state;
    struct buffer text = {0};
    char *plain_input[] = {"plain"}, *gzip_input[] = {"plain.gz"};
    make_text(&text, LAYOUT_PLAIN, 5, 4000);
    write_bytes("plain", &text);
    write_gzip("plain.gz", &text);
    for (uint64_t n = LEAST; n < 2 * text.size; n = n * 5 / 2) {
        struct parts plain = collect(plain_input, 1, n, 1, 1),
                     gzip = collect(gzip_input, 1, n, 1, 3);
        uint64_t plain_bytes, gzip_bytes;
        assert_int_equal(documents_of(&plain, &plain_bytes), documents_of(&gzip, &gzip_bytes));
        assert_int_equal(plain_bytes, gzip_bytes);
        assert_int_equal(contents_of(&plain), contents_of(&gzip));
        assert_complete(&gzip);
        for (size_t i = 0; gzip.count > 1 && i < gzip.count; i++) {
            assert_true(gzip.parts[i].bytes < 2 * n);
            assert_true(gzip.parts[i].capacity <= 4 * n + 4096);
        }
        free(plain.parts);
        free(gzip.parts);
    }
    buffer_release(&text);
}

/* The layout is told from the same bytes whether a file is packed or not: here from blank lines. */
static void packed_text_has_the_layout_of_plain_text(void **state)
{
    (void)state;
    for (size_t blanks = 1000; blanks < 300000; blanks *= 3) {
        struct buffer text = {0};
        char *plain_input[] = {"late"}, *gzip_input[] = {"late.gz"};
        for (size_t i = 0; i < blanks; i++)
            buffer_put_u8(&text, '\n');
        for (uint64_t d = 0; d < 500; d++) { /* documents as plain text too, all shorter than n */
            make_text(&text, LAYOUT_JSON, d, 1);
            buffer_put_u8(&text, '\n');
        }
        write_bytes("late", &text);
        write_gzip("late.gz", &text);
        for (uint64_t n = 4 * LEAST; n < 4 * text.size; n *= 3) {
            struct parts plain = collect(plain_input, 1, n, 1, 1),
                         gzip = collect(gzip_input, 1, n, 1, 1);
            assert_int_equal(contents_of(&plain), contents_of(&gzip));
            free(plain.parts);
            free(gzip.parts);
        }
        buffer_release(&text);
    }
}

static struct parts parts_of_text(const struct buffer *text, uint64_t n)
{
    char *inputs[] = {"text"};
    write_bytes("text", text);
    struct parts parts = collect(inputs, 1, n, 1, 1);
    uint64_t bytes;
    documents_of(&parts, &bytes);
    assert_int_equal(bytes, text->size);
    assert_complete(&parts);
    return parts;
}

/* What is longer than a chunk is cut, at lines, words or characters, so that memory stays bounded.
 */
static void long_documents_lines_and_words_are_cut(void **state)
{
    (void)state;
    static const char *const units[] = {"a line of it\n", "words ", "\u00e9", " "};
    for (size_t u = 0; u < sizeof units / sizeof units[0]; u++) {
        struct buffer text = {0};
        while (text.size < 30 * LEAST)
            buffer_print(&text, "%s", units[u]);
        struct parts parts = parts_of_text(&text, LEAST);
        assert_true(parts.count >= 29);
        for (size_t i = 0; i < parts.count; i++)
            assert_true(parts.parts[i].bytes < 2 * LEAST);
        free(parts.parts);
        buffer_release(&text);
    }
}

static void parts_of_a_cut_document_are_marked(void **state)
{
    (void)state;
    struct buffer text = {0};
    struct input_list list;
    struct error err;
    char *inputs[] = {"text"};
    buffer_print(&text, "short\n\n");
    while (text.size < 6 * LEAST)
        buffer_print(&text, "one line of a long document\n");
    write_bytes("text", &text);
    open_list(&list, inputs, 1);
    struct input_feed_options options = {.chunk_bytes = LEAST, .ranks = 1};
    struct input_feed *feed = input_feed_new(&list, &options);
    struct input_work work = {0};
    for (uint64_t chunk = 0; input_feed_next(feed, &work, &err) == 1; chunk++)
        assert_int_equal(work.spans[0].continues, chunk > 0);
    assert_int_equal(input_feed_taken(feed), text.size);
    input_work_release(&work);
    input_feed_free(feed);
    input_list_close(&list);
    buffer_release(&text);
}

static void empty_files_and_marks(void **state)
{
    (void)state;
    struct buffer text = {0};
    struct parts parts = parts_of_text(&text, LEAST);
    assert_int_equal(parts.count, 1);
    free(parts.parts);
    buffer_put(&text, "\xEF\xBB\xBFone\n\ntwo\n", 12);
    char *inputs[] = {"text"}, *gzip[] = {"text.gz"};
    write_bytes("text", &text);
    write_gzip("text.gz", &text);
    struct parts plain = collect(inputs, 1, LEAST, 1, 1), inflated = collect(gzip, 1, LEAST, 1, 1);
    assert_same(&plain, &inflated);
    assert_int_equal(plain.parts[0].bytes, 9);
    assert_int_equal(plain.parts[0].documents, 2);
    free(plain.parts);
    free(inflated.parts);
    buffer_release(&text);
}

/* --- JSON that does not end -------------------------------------------------------------------- */

/* Bytes that this process has read so far. */
static uint64_t bytes_read(void)
{
    uint64_t bytes = 0;
    FILE *file = fopen("/proc/self/io", "r");
    assert_non_null(file);
    assert_int_equal(fscanf(file, "rchar: %" SCNu64, &bytes), 1);
    fclose(file);
    return bytes;
}

/* A document that is one line, of which every chunk has a piece, is read once and not by each of them: what is
 * read grows with the file, and is at most four times as much. */
static void a_long_line_is_read_once(void **state)
{
    (void)state;
    static const uint64_t sizes[] = {1 << 20, 4 << 20};
    for (size_t i = 0; i < 2; i++) {
        struct buffer text = {0};
        char *inputs[] = {"text"};
        buffer_print(&text, "{\"text\": \"short\"}\n{\"text\": \"");
        while (text.size < sizes[i])
            buffer_print(&text, "the words of a line ");
        buffer_print(&text, "\"}\n{\"text\": \"last\"}\n");
        write_bytes("text", &text);
        const uint64_t before = bytes_read();
        struct parts parts = collect(inputs, 1, LEAST, 1, 2);
        const uint64_t read = bytes_read() - before;
        uint64_t bytes;
        assert_int_equal(documents_of(&parts, &bytes), 3);
        assert_int_equal(bytes, text.size);
        const uint64_t glances = 2 * (text.size / LEAST) * (64 << 10);
        assert_in_range(read, text.size, 4 * text.size + glances);
        free(parts.parts);
        buffer_release(&text);
    }
}

/* What standard input gives that reads the file. */
static struct parts collect_streamed(const char *path, uint64_t chunk_bytes)
{
    char *standard[] = {"-"};
    const int kept = dup(STDIN_FILENO), file = open(path, O_RDONLY);
    assert_true(kept >= 0 && file >= 0 && dup2(file, STDIN_FILENO) >= 0);
    close(file);
    struct parts parts = collect(standard, 1, chunk_bytes, 1, 2);
    assert_true(dup2(kept, STDIN_FILENO) >= 0);
    close(kept);
    return parts;
}

/* A line that is longer than any document: what is before and behind it is read, from a file and from a stream,
 * and no part is longer than said. */
static void a_line_without_an_end_is_damage(void **state)
{
    (void)state;
    enum { N = 8 << 20 };
    static const char document[] = "{\"text\": \"behind it\"}\n";
    struct buffer text = {0};
    char *inputs[] = {"text"};
    buffer_print(&text, "{\"text\": \"first\"}\n{\"text\": \"");
    const size_t lost = TEXT_LONGEST_VALUE + 3 * N + 12345;
    memset(buffer_grow(&text, lost), 'x', lost);
    buffer_print(&text, "\n");
    const size_t behind = text.size;
    while (text.size < behind + N)
        buffer_put(&text, document, strlen(document));
    write_bytes("text", &text);
    for (int i = 0; i < 2; i++) {
        struct parts parts = i ? collect_streamed("text", N) : collect(inputs, 1, N, 2, 2);
        uint64_t bytes;
        assert_int_equal(documents_of(&parts, &bytes), 1 + (text.size - behind) / strlen(document));
        for (size_t p = 0; p < parts.count; p++)
            assert_in_range(parts.parts[p].bytes, 0, TEXT_LONGEST_VALUE + N);
        assert_in_range(bytes, text.size - lost, text.size);
        assert_complete(&parts);
        free(parts.parts);
    }
    buffer_release(&text);
}

/* An array in a line: near its beginning a bracket is missing, so that an object holds all others (the first of
 * which stands beside none); or every tenth object is broken. */
static void damage_in_an_array_costs_itself(void **state)
{
    (void)state;
    enum { OBJECTS = 200000 };
    char *inputs[] = {"text"};
    for (int broken = 0; broken < 2; broken++) {
        struct buffer text = {0};
        buffer_print(&text, "[{\"text\": \"first\"}, {\"text\": \"x\", \"list\": [1%s",
                     broken ? "]}, " : ", ");
        for (int i = 0; i < OBJECTS; i++)
            buffer_print(&text, "{\"text\": %s %d\"}, ",
                         broken && i % 10 == 9 ? "number" : "\"number", i);
        buffer_print(&text, "{\"text\": \"last\"}]");
        write_bytes("text", &text);
        struct parts parts = collect(inputs, 1, 1 << 20, 1, 2);
        uint64_t bytes;
        assert_int_equal(documents_of(&parts, &bytes), broken ? 3 + OBJECTS / 10 * 9 : 1 + OBJECTS);
        assert_int_equal(bytes, text.size);
        assert_true(parts.count >= 5);
        free(parts.parts);
        buffer_release(&text);
    }
}

/* --- faults ----------------------------------------------------------------------------------- */

static void assert_fails(const char *path, const char *because)
{
    struct input_list list;
    struct input_work work = {0};
    struct error err;
    char *inputs[] = {(char *)path};
    int got;
    open_list(&list, inputs, 1);
    struct input_feed_options options = {.chunk_bytes = LEAST, .ranks = 1};
    struct input_feed *feed = input_feed_new(&list, &options);
    while ((got = input_feed_next(feed, &work, &err)) == 1)
        ;
    assert_int_equal(got, -1);
    assert_non_null(strstr(err.text, path));
    assert_non_null(strstr(err.text, because));
    assert_int_equal(input_feed_next(feed, &work, &err), 0);
    input_work_release(&work);
    input_feed_free(feed);
    input_list_close(&list);
}

static void damaged_gzip_is_named(void **state)
{
    (void)state;
    struct buffer text = {0}, packed = {0};
    struct error err;
    make_text(&text, LAYOUT_PLAIN, 9, 3000);
    write_gzip("whole.gz", &text);
    assert_int_equal(file_read("whole.gz", &packed, &err), 0);
    size_t size = packed.size;
    packed.size = size - 5;
    write_bytes("cut.gz", &packed);
    assert_fails("cut.gz", "its end is missing");
    packed.size = size;
    packed.data[size / 2] ^= 0x55;
    packed.data[size / 2 + 1] ^= 0x55;
    write_bytes("bad.gz", &packed);
    assert_fails("bad.gz", "damaged");
    packed.data[size / 2] ^= 0x55;
    packed.data[size / 2 + 1] ^= 0x55;
    buffer_put(&packed, "garbage", 7);
    write_bytes("more.gz", &packed);
    assert_fails("more.gz", "behind its end");
    buffer_release(&text);
    buffer_release(&packed);
}

/* A file that is small as stored, and huge inflated. */
static void what_inflates_beyond_bounds_is_refused(void **state)
{
    (void)state;
    struct buffer text = {0};
    while (text.size < 20 * LEAST)
        buffer_print(&text, "a line of it\n");
    write_gzip("bomb.gz", &text);
    assert_fails("bomb.gz", "inflates to more than");
    buffer_release(&text);
}

static void members_are_one_text(void **state)
{
    (void)state;
    struct buffer text = {0}, twice = {0}, packed = {0}, both = {0};
    struct error err;
    make_text(&text, LAYOUT_PLAIN, 9, 300);
    write_gzip("one.gz", &text);
    assert_int_equal(file_read("one.gz", &packed, &err), 0);
    for (int i = 0; i < 2; i++) {
        buffer_put(&both, packed.data, packed.size);
        buffer_put(&twice, text.data, text.size);
    }
    buffer_put(&both, "\0\0\0", 3); /* what archivers leave */
    write_bytes("both.gz", &both);
    write_bytes("twice", &twice);
    char *gzip[] = {"both.gz"}, *plain[] = {"twice"};
    struct parts a = collect(gzip, 1, 1 << 20, 1, 1), b = collect(plain, 1, 1 << 20, 1, 1);
    assert_same(&a, &b);
    free(a.parts);
    free(b.parts);
    buffer_release(&text);
    buffer_release(&twice);
    buffer_release(&packed);
    buffer_release(&both);
}

/* Standard input, from a pipe that gives little at a time. */
static void standard_input_is_a_stream(void **state)
{
    (void)state;
    struct buffer text = {0};
    char *plain[] = {"text"}, *standard[] = {"-"};
    make_text(&text, LAYOUT_PLAIN, 3, 2000);
    write_bytes("text", &text);
    FILE *pipe = popen("dd if=text bs=777 2>/dev/null", "r");
    assert_non_null(pipe);
    int kept = dup(STDIN_FILENO);
    assert_true(dup2(fileno(pipe), STDIN_FILENO) >= 0);
    struct parts streamed = collect(standard, 1, 3 * LEAST, 1, 2);
    assert_true(dup2(kept, STDIN_FILENO) >= 0);
    close(kept);
    pclose(pipe);
    struct parts whole = collect(plain, 1, 3 * LEAST, 1, 1);
    uint64_t streamed_bytes, whole_bytes;
    assert_true(streamed.count > 10);
    assert_int_equal(documents_of(&streamed, &streamed_bytes), documents_of(&whole, &whole_bytes));
    assert_int_equal(streamed_bytes, whole_bytes);
    free(streamed.parts);
    free(whole.parts);
    buffer_release(&text);
}

static bool odd_parts(void *context, uint64_t chunk, uint32_t part)
{
    (void)context;
    return (chunk + part) % 2 == 1;
}

static void what_is_not_wanted_is_passed_over(void **state)
{
    (void)state;
    struct buffer text = {0};
    make_text(&text, LAYOUT_PLAIN, 3, 2000);
    write_bytes("text", &text);
    write_gzip("text.gz", &text);
    char *both[] = {"text", "text.gz"};
    for (int i = 0; i < 2; i++) {
        struct input_list list;
        struct parts some = {0}, all = collect(both + i, 1, LEAST, 1, 1);
        struct input_feed_options options = {.chunk_bytes = LEAST, .ranks = 1, .wanted = odd_parts};
        open_list(&list, both + i, 1);
        take_all(&some, &list, &options, 1);
        assert_int_equal(some.count, all.count / 2);
        for (size_t p = 0; p < some.count; p++)
            assert_int_equal(some.parts[p].hash, all.parts[2 * p + 1].hash);
        input_list_close(&list);
        free(some.parts);
        free(all.parts);
    }
    buffer_release(&text);
}

/* Says yes once two threads have asked at the same time, or when there was patience enough. */
struct meeting {
    atomic_int inside, most;
    atomic_int patience; /* milliseconds */
};

static bool meet(void *context, uint64_t chunk, uint32_t part)
{
    struct meeting *meeting = context;
    (void)chunk;
    (void)part;
    int inside = atomic_fetch_add(&meeting->inside, 1) + 1;
    if (inside > atomic_load(&meeting->most))
        atomic_store(&meeting->most, inside);
    const struct timespec pause = {0, 1000000};
    while (atomic_load(&meeting->most) < 2 && atomic_fetch_sub(&meeting->patience, 1) > 0)
        nanosleep(&pause, NULL);
    atomic_fetch_sub(&meeting->inside, 1);
    return true;
}

/* What is wanted may take long to find out: no thread waits for another that does. */
static void threads_ask_at_once_what_is_wanted(void **state)
{
    (void)state;
    struct buffer text = {0};
    make_text(&text, LAYOUT_PLAIN, 3, 400);
    write_bytes("text", &text);
    write_gzip("text.gz", &text);
    char *both[] = {"text", "text.gz"};
    for (int i = 0; i < 2; i++) {
        struct input_list list;
        struct meeting meeting = {.patience = 10000};
        struct parts all = {0};
        struct input_feed_options options = {
            .chunk_bytes = LEAST, .ranks = 1, .wanted = meet, .context = &meeting};
        open_list(&list, both + i, 1);
        take_all(&all, &list, &options, 2);
        assert_int_equal(atomic_load(&meeting.most), 2);
        input_list_close(&list);
        free(all.parts);
    }
    buffer_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_lost_however_it_is_cut),
        cmocka_unit_test(small_files_go_together),
        cmocka_unit_test(gzip_is_cut_as_plain_text_is),
        cmocka_unit_test(packed_text_has_the_layout_of_plain_text),
        cmocka_unit_test(long_documents_lines_and_words_are_cut),
        cmocka_unit_test(parts_of_a_cut_document_are_marked),
        cmocka_unit_test(empty_files_and_marks),
        cmocka_unit_test(a_long_line_is_read_once),
        cmocka_unit_test(a_line_without_an_end_is_damage),
        cmocka_unit_test(damage_in_an_array_costs_itself),
        cmocka_unit_test(damaged_gzip_is_named),
        cmocka_unit_test(what_inflates_beyond_bounds_is_refused),
        cmocka_unit_test(members_are_one_text),
        cmocka_unit_test(standard_input_is_a_stream),
        cmocka_unit_test(what_is_not_wanted_is_passed_over),
        cmocka_unit_test(threads_ask_at_once_what_is_wanted),
    };
    return cmocka_run_group_tests(tests, scratch_enter, scratch_teardown);
}
