#define _GNU_SOURCE /* syscall() */
#include "lib/scratch.h"

#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "corpus/fixture.h"
#include "lambert/base/file.h"
#include "lambert/base/log.h"
#include "lambert/base/memory.h"
#include "lambert/corpus/corpus.h"
#include "lambert/prepare/prepare.h"
#include "prepare/corpus_folder.h"

/* In place of libc's: the process is killed before the change of a folder that would be the last but `left`. */
static atomic_int left = -1;

static void count_change(void)
{
    if (left >= 0 && atomic_fetch_sub(&left, 1) == 0)
        raise(SIGKILL);
}

int rename(const char *from, const char *to)
{
    count_change();
    return (int)syscall(SYS_renameat, AT_FDCWD, from, AT_FDCWD, to);
}

int unlink(const char *path)
{
    count_change();
    return (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
}

int rmdir(const char *path)
{
    count_change();
    return (int)syscall(SYS_unlinkat, AT_FDCWD, path, AT_REMOVEDIR);
}

static const char words[] = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\none\ntwo\nthree\n.\n";

/* Writes the text of so many documents, and the vocabulary. */
static void write_documents(int documents)
{
    struct buffer text = {0};
    for (int d = 0; d < documents; d++)
        buffer_print(&text, "One two three.\nTwo %d three.\n\n", d);
    scratch_write("text", text.data, text.size);
    scratch_write("v.txt", words, strlen(words));
    buffer_release(&text);
}

/* In shards of 4096 bytes of text. */
static struct prepare_options options_for(char *const *input, const char *folder, bool overwrite)
{
    struct prepare_options options = prepare_defaults;
    options.inputs = input;
    options.input_count = 1;
    options.vocabulary = "v.txt";
    options.output = folder;
    options.overwrite = overwrite;
    options.shard_bytes = 4096;
    return options;
}

static char *const text_input[] = {"text"};

/* A corpus in `folder` of so many documents. */
static void make(const char *folder, int documents)
{
    const struct prepare_options options = options_for(text_input, folder, false);
    struct error err;
    struct corpus_report report;
    write_documents(documents);
    log_set_level(LOG_ERROR); /* the vocabulary is small */
    if (prepare_corpus(&options, &report, &err) < 0)
        fail_msg("%s", err.text);
    log_set_level(LOG_INFO);
}

/* The hash of the corpus; 0: the folder has none. */
static uint64_t hash_of(const char *folder)
{
    struct corpus *corpus;
    struct error err;
    uint64_t hash = 0;
    if (corpus_open(&corpus, folder, &err) < 0)
        return 0;
    assert_int_equal(document_store_verify(corpus_store(corpus, CORPUS_TRAIN), &err), 0);
    hash = corpus_hash(corpus);
    corpus_close(corpus);
    return hash;
}

static void shell(const char *command)
{
    assert_int_equal(system(command), 0);
}

static int begin(struct corpus_folder *folder, bool overwrite, struct error *err)
{
    struct vocabulary *vocabulary;
    assert_int_equal(vocabulary_load(&vocabulary, "v.txt", err), 0);
    const int status = corpus_folder_begin(folder, "out", overwrite, true, vocabulary, 1, err);
    vocabulary_free(vocabulary);
    return status;
}

/* Puts the corpus `new` in the place of the one in `out`; true where it was not killed by then. */
static bool replace(int changes)
{
    int code;
    pid_t child = fork();
    if (child == 0) {
        struct corpus_folder folder;
        struct error err;
        if (begin(&folder, true, &err) < 0 || system("cp new/* out/prep.new/") != 0)
            _exit(1);
        left = changes;
        _exit(corpus_folder_commit(&folder, &err) < 0 ? 1 : 0);
    }
    assert_int_equal(waitpid(child, &code, 0), child);
    assert_true(WIFSIGNALED(code) ? WTERMSIG(code) == SIGKILL : WEXITSTATUS(code) == 0);
    return !WIFSIGNALED(code);
}

/* Killed before whichever change, it leaves the old corpus or the new one, or the next preparation has the new
 * one before all else: one that does not replace, and is refused since there is a corpus. */
static void one_corpus_is_there_at_each_moment(void **state)
{
    (void)state;
    static const int documents[][2] = {{900, 300}, {300, 900}, {300, 310}};
    for (int pair = 0; pair < 3; pair++) {
        make("old", documents[pair][0]);
        make("new", documents[pair][1]);
        const uint64_t old = hash_of("old"), new = hash_of("new");
        int found_again = 0, changes = 0;
        for (bool done = false; !done; changes++) {
            struct corpus_folder folder;
            struct buffer said = {0};
            struct error err;
            shell("rm -rf out; cp -r old out");
            done = replace(changes);
            const uint64_t found = hash_of("out");
            if (found == 0) {
                found_again++;
                catch_begin();
                const int status = begin(&folder, false, &err);
                catch_end(&said);
                assert_non_null(strstr(buffer_text(&said), "is in its place now"));
                buffer_release(&said);
                assert_int_equal(status, -1);
                assert_non_null(strstr(err.text, "holds a corpus already"));
                assert_int_equal(hash_of("out"), new);
                shell("rm -f out/prep.lock; diff -r out new");
            }
            assert_true(found == 0 || found == old || found == new);
            assert_true(!done || found == new);
        }
        assert_true(changes > 8 && found_again > 3);
        shell("diff -x prep.lock -r out new; rm -r old new out");
    }
}

/* A corpus that is read is not replaced: said before the work, and after it where a reader came meanwhile. Then
 * the new one waits. */
static void a_corpus_that_is_read_stays(void **state)
{
    (void)state;
    struct corpus_folder folder;
    struct corpus *reader;
    struct error err;
    make("old", 300);
    make("new", 310);
    const uint64_t old = hash_of("old"), new = hash_of("new");
    shell("cp -r old out");
    assert_int_equal(corpus_open(&reader, "out", &err), 0);
    assert_int_equal(begin(&folder, true, &err), -1);
    assert_non_null(
        strstr(err.text, "cannot replace the corpus in out: out/corpus.json is in use"));
    shell("diff -x prep.lock -r old out");
    corpus_close(reader);

    assert_int_equal(begin(&folder, true, &err), 0);
    shell("cp new/* out/prep.new");
    assert_int_equal(corpus_open(&reader, "out", &err), 0);
    assert_int_equal(corpus_folder_commit(&folder, &err), -1);
    assert_non_null(strstr(err.text, "the new one is whole, in out/prep.new"));
    assert_int_equal(hash_of("out"), old);
    assert_int_equal(hash_of("out/prep.new"), new);
    corpus_close(reader);
    assert_int_equal(corpus_folder_commit(&folder, &err), 0);
    assert_int_equal(hash_of("out"), new);
    corpus_folder_release(&folder);
    shell("diff -r out new; rm -r old new out");
}

/* Prepares of the input what is to replace the corpus in `out`, which somebody begins to read meanwhile. */
static void prepare_what_waits(char *const *input)
{
    const struct prepare_options options = options_for(input, "out", true);
    struct preparation *p;
    struct corpus_report report;
    struct corpus *reader;
    struct error err;
    log_set_level(LOG_ERROR);
    assert_int_equal(prepare_open(&p, &options, 0, 1, &err), 0);
    assert_int_equal(prepare_begin(p, &err), 0);
    assert_false(prepare_is_done(p));
    assert_int_equal(prepare_chunks(p, &err), 0);
    assert_int_equal(corpus_open(&reader, "out", &err), 0);
    assert_int_equal(prepare_finish(p, &report, &err), -1);
    assert_non_null(strstr(err.text, "the new one is whole, in out/prep.new"));
    corpus_close(reader);
    prepare_close(p);
    log_set_level(LOG_INFO);
}

/* A whole corpus that waits is not removed by a preparation of something else, nor by one of the same stream, which
 * cannot be known again. */
static void what_waits_is_not_removed(void **state)
{
    (void)state;
    static char *const stream_input[] = {"stream"};
    struct corpus_report report;
    struct error err;
    make("old", 300);
    make("new", 310);
    const uint64_t old = hash_of("old"), new = hash_of("new");
    assert_int_equal(mkfifo("stream", 0600), 0);
    for (int stream = 0; stream < 2; stream++) {
        shell("rm -rf out moved; cp -r old out");
        if (stream)
            shell("cat text >stream &");
        prepare_what_waits(stream ? stream_input : text_input);
        struct prepare_options options =
            options_for(stream ? stream_input : text_input, "out", true);
        if (stream)
            shell("cat text >stream &");
        else
            options.heldout_fraction = 0.02;
        log_set_level(LOG_ERROR);
        assert_int_equal(prepare_corpus(&options, &report, &err), -1);
        log_set_level(LOG_INFO);
        if (!strstr(err.text, "out/prep.new holds a whole corpus of another preparation"))
            fail_msg("%s", err.text);
        assert_int_equal(hash_of("out"), old);
        assert_int_equal(hash_of("out/prep.new"), new);
        if (stream)
            shell("mv out/prep.new moved; cat text >stream &");
        else
            options = options_for(text_input, "out", true);
        log_set_level(LOG_ERROR);
        assert_int_equal(prepare_corpus(&options, &report, &err), 0);
        log_set_level(LOG_INFO);
        assert_int_equal(hash_of("out"), new);
    }
    shell("rm -r old new out moved stream");
}

/* Killed while files are moved, the same preparation moves the rest, and does not begin again. */
static void what_was_moved_is_not_prepared_again(void **state)
{
    (void)state;
    const struct prepare_options options = options_for(text_input, "out", true);
    int finished = 0;
    make("old", 300);
    make("new", 310);
    const uint64_t new = hash_of("new");
    shell("cp -r old out");
    prepare_what_waits(text_input);
    shell("mv out waiting");
    bool killed = true;
    for (int changes = 0; killed; changes++) {
        struct corpus_report report;
        struct buffer said = {0};
        struct error err;
        int code;
        shell("rm -rf out; cp -r waiting out");
        pid_t child = fork();
        if (child == 0) {
            struct corpus_folder folder = {.path = "out", .work = "out/prep.new", .lock = -1};
            left = changes;
            _exit(corpus_folder_commit(&folder, &err) < 0 ? 1 : 0);
        }
        assert_int_equal(waitpid(child, &code, 0), child);
        killed = WIFSIGNALED(code);
        if (hash_of("out") != 0)
            continue;
        finished++;
        catch_begin();
        const int status = prepare_corpus(&options, &report, &err);
        catch_end(&said);
        assert_int_equal(status, 0);
        assert_non_null(
            strstr(buffer_text(&said), "is in its place now; there is nothing left to do"));
        assert_null(strstr(buffer_text(&said), "prepared again"));
        buffer_release(&said);
        assert_int_equal(report.documents, 310);
        assert_int_equal(hash_of("out"), new);
        shell("diff -r out new");
    }
    assert_true(finished > 3);
    shell("rm -r old new out waiting");
}

/* In a folder of a group, the manifest is a colleague's, who alone may write it. (Root is nobody here for as long.) */
static void a_corpus_of_others_is_replaced(void **state)
{
    (void)state;
    enum { NOBODY = 65534 };
    const bool root = geteuid() == 0;
    struct corpus_folder folder;
    struct corpus *reader;
    struct error err;
    make("old", 300);
    make("new", 310);
    const uint64_t new = hash_of("new");
    shell("cp -r old out; chmod 777 out; chmod 444 out/*; chmod 755 .");
    assert_int_equal(corpus_open(&reader, "out", &err), 0);
    assert_int_equal(root ? seteuid(NOBODY) : 0, 0);
    const int refused = begin(&folder, true, &err);
    const bool in_use = strstr(err.text, "out/corpus.json is in use") != NULL;
    corpus_close(reader);
    int status = begin(&folder, true, &err);
    shell("cp new/* out/prep.new");
    if (status == 0)
        status = corpus_folder_commit(&folder, &err);
    corpus_folder_release(&folder);
    assert_int_equal(root ? seteuid(0) : 0, 0);
    assert_int_equal(refused, -1);
    assert_true(in_use);
    if (status < 0)
        fail_msg("%s", err.text);
    assert_int_equal(hash_of("out"), new);
    shell("rm -r old new out");
}

/* What has a name of a corpus' files, but was not written by a preparation, is refused and stays, whether a
 * corpus is to be replaced or not. */
static void files_of_others_stay(void **state)
{
    (void)state;
    static const char *const foreign[] = {
        "echo mine >out/train-00000.shard",
        "echo mine >out/tokens.counts",
        "mkdir out/heldout-00002.shard",
        "echo '{}' >out/corpus.json",
        "echo mine >out/vocab.txt",
        "mkdir out/vocab.txt",
        "echo mine >out/piece-00001.record",
        "ln -s ../mine out/train-00001-00002.shard",
        "mkdir out/train-00000.shard.tmp-1-2",
        "mkdir -p out/prep.new; echo mine >out/prep.new/tokens.counts"};
    struct corpus_folder folder;
    struct error err;
    make("old", 300);
    scratch_write("mine", "mine", 4);
    for (size_t f = 0; f < sizeof foreign / sizeof foreign[0]; f++)
        for (int replaced = 0; replaced < 2; replaced++) {
            shell("rm -rf out before; mkdir out");
            if (replaced)
                shell("cp old/* out; rm -f out/train-00000.shard out/vocab.txt out/tokens.counts");
            shell(foreign[f]);
            shell("cp -a out before");
            assert_int_equal(begin(&folder, replaced, &err), -1);
            if (!strstr(err.text, strrchr(foreign[f], '/') + 1) && !strstr(err.text, "vocab.txt") &&
                !(strstr(foreign[f], "corpus.json") && strstr(err.text, "holds a corpus already")))
                fail_msg("%s: %s", foreign[f], err.text);
            shell("diff -x prep.lock -r out before");
        }
    shell(
        "rm -rf out before; mkdir out; echo mine >out/tokens.counts; echo mine >out/heldout-12345.shard");
    assert_int_equal(begin(&folder, false, &err), -1);
    assert_non_null(
        strstr(err.text, "out/heldout-12345.shard and 1 more there would be written over"));
    shell("rm -r old out");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_corpus_is_there_at_each_moment),
        cmocka_unit_test(a_corpus_that_is_read_stays),
        cmocka_unit_test(what_waits_is_not_removed),
        cmocka_unit_test(what_was_moved_is_not_prepared_again),
        cmocka_unit_test(a_corpus_of_others_is_replaced),
        cmocka_unit_test(files_of_others_stay),
    };
    return cmocka_run_group_tests(tests, scratch_enter, scratch_teardown);
}
