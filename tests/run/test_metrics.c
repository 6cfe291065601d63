#define _GNU_SOURCE /* memmem() */
#include "lambert/run/metrics.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lambert/base/file.h"
#include "lambert/base/json.h"
#include "lambert/base/version.h"
#include "lib/scratch.h"

/* --- what is written, and how it is read back --------------------------------------------------- */

static const struct objective *const pretraining[] = {&objective_mlm, &objective_nsp};
static const struct run_state state = {
    .phase_step = 3, .total_steps = 13, .sequences = 208, .tokens = 5000};

static struct step_report a_report(void)
{
    return (struct step_report){
        .objectives = {pretraining, PRETRAINING_OBJECTIVES},
        .sums = {{.loss = 30, .correct = 5, .terms = 10}, {.loss = 4, .correct = 6, .terms = 8}},
        .sequences = 16,
        .tokens = 400,
        .gradient = {.gradient_norm = 2.5, .clip = 0.4, .finite = true, .culprit = -1},
        .updated = true,
        .operations = 6e9,
        .waited = 0.125,
        .exchanged = 0.0625,
        .bytes_sent = 4096};
}

static struct step_metrics a_step(const struct step_report *report)
{
    return (struct step_metrics){
        .report = report,
        .rate = 0.01,
        .skipped_steps = 2,
        .seconds = 2,
        .peak = 1e10,
        .balance = {.imbalance = 1.5, .slowest = 1, .work = 1.75, .data = 0.25},
        .left = {.phase = 60, .run = 7200}};
}

static void open_metrics(struct metrics *metrics, int64_t keep_steps)
{
    struct error err;
    if (metrics_open(metrics, scratch_folder(), 0, keep_steps, &err) < 0)
        fail_msg("%s", err.text);
}

static void write_step(struct metrics *metrics, int64_t total_step)
{
    const struct step_report report = a_report();
    const struct step_metrics step = a_step(&report);
    struct run_state then = state;
    struct error err;
    then.total_steps = total_step;
    assert_int_equal(metrics_step(metrics, "one", &then, &step, &err), 0);
}

/* The lines of the file, while it is open as well as afterwards. */
static int read_lines(cJSON **lines, int most)
{
    struct buffer text = {0};
    int count = 0;
    scratch_read(scratch_path("metrics.jsonl"), &text);
    for (const char *line = buffer_text(&text); *line; line = strchr(line, '\n') + 1) {
        assert_non_null(strchr(line, '\n'));
        assert_true(count < most);
        lines[count] = cJSON_ParseWithLength(line, (size_t)(strchr(line, '\n') - line));
        assert_non_null(lines[count++]);
    }
    buffer_release(&text);
    return count;
}

static cJSON *only_line(void)
{
    cJSON *line;
    assert_int_equal(read_lines(&line, 1), 1);
    assert_null(json_repeated_name(line));
    return line;
}

static void assert_number(const cJSON *line, const char *name, double value)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(line, name);
    if (!cJSON_IsNumber(item) || fabs(item->valuedouble - value) > 1e-12 * fabs(value))
        fail_msg("%s is not %g", name, value);
}

static void assert_null_field(const cJSON *line, const char *name)
{
    if (!cJSON_IsNull(cJSON_GetObjectItemCaseSensitive(line, name)))
        fail_msg("%s is not null", name);
}

/* --- steps --------------------------------------------------------------------------------------- */

static void a_step_has_all_fields(void **unused)
{
    (void)unused;
    static const struct {
        const char *name;
        double value;
    } fields[] = {
        {"phase_step", 3},
        {"total_step", 13},
        {"total_sequences", 208},
        {"total_tokens", 5000},
        {"loss", 3.5},
        {"mlm_loss", 3},
        {"nsp_loss", 0.5},
        {"mlm_accuracy", 0.5},
        {"nsp_accuracy", 0.75},
        {"learning_rate", 0.01},
        {"gradient_norm", 2.5},
        {"clip", 0.4},
        {"skipped_steps", 2},
        {"sequences", 16},
        {"tokens", 400},
        {"masked", 10},
        {"seconds", 2},
        {"sequences_per_second", 8},
        {"tokens_per_second", 200},
        {"communication_wait_seconds", 0.125},
        {"communication_seconds", 0.0625},
        {"communication_bytes", 4096},
        {"peak_fraction", 0.3},
        {"phase_seconds_left", 60},
        {"seconds_left", 7200},
        {"work_seconds", 1.75},
        {"data_seconds", 0.25},
        {"imbalance", 1.5},
        {"slowest_rank", 1},
    };
    struct metrics metrics;
    open_metrics(&metrics, 0);
    write_step(&metrics, 13);
    cJSON *line = only_line(); /* it is on disk before the file is closed */
    assert_string_equal(json_get_text(line, "kind"), "step");
    assert_string_equal(json_get_text(line, "phase"), "one");
    assert_true(cJSON_IsFalse(cJSON_GetObjectItemCaseSensitive(line, "skipped")));
    for (size_t f = 0; f < sizeof fields / sizeof *fields; f++)
        assert_number(line, fields[f].name, fields[f].value);
    assert_int_equal(cJSON_GetArraySize(line), 3 + sizeof fields / sizeof *fields);
    cJSON_Delete(line);
    metrics_close(&metrics);
}

/* A mean of nothing is null, and the loss is that of the objectives that have terms. */
static void what_is_no_number_is_null(void **unused)
{
    (void)unused;
    struct step_report report = a_report();
    const struct step_metrics step = a_step(&report);
    struct metrics metrics;
    struct error err;
    cJSON *lines[2];
    report.sums[PRETRAINING_MLM] = (struct objective_sums){0};
    open_metrics(&metrics, 0);
    assert_int_equal(metrics_step(&metrics, "one", &state, &step, &err), 0);
    report.sums[PRETRAINING_NSP] = (struct objective_sums){0};
    report.gradient.gradient_norm = INFINITY;
    report.updated = false;
    assert_int_equal(metrics_step(&metrics, "one", &state, &step, &err), 0);
    metrics_close(&metrics);

    assert_int_equal(read_lines(lines, 2), 2);
    assert_number(lines[0], "masked", 0);
    assert_null_field(lines[0], "mlm_loss");
    assert_null_field(lines[0], "mlm_accuracy");
    assert_number(lines[0], "nsp_loss", 0.5);
    assert_number(lines[0], "loss", 0.5);
    assert_null_field(lines[1], "loss");
    assert_null_field(lines[1], "nsp_loss");
    assert_null_field(lines[1], "gradient_norm");
    assert_true(cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(lines[1], "skipped")));
    cJSON_Delete(lines[0]);
    cJSON_Delete(lines[1]);
}

static void a_distance_has_no_accuracy(void **unused)
{
    (void)unused;
    static const struct objective value = {.name = "value", .is_distance = true};
    static const struct objective *const regression[] = {&value};
    struct step_report report = a_report();
    const struct step_metrics step = a_step(&report);
    struct metrics metrics;
    struct error err;
    report.objectives = (struct objective_list){regression, 1};
    open_metrics(&metrics, 0);
    assert_int_equal(metrics_step(&metrics, "one", &state, &step, &err), 0);
    metrics_close(&metrics);
    cJSON *line = only_line();
    assert_number(line, "value_loss", 3);
    assert_null(cJSON_GetObjectItemCaseSensitive(line, "value_accuracy"));
    cJSON_Delete(line);
}

/* --- tensors, products, evaluations ---------------------------------------------------------------------- */

static void tensors_go_by_their_names(void **unused)
{
    (void)unused;
    struct param_info infos[] = {{.name = "a.weight"}, {.name = "a.bias"}};
    const struct param_table table = {.infos = infos, .count = 2};
    const struct tensor_report reports[] = {
        {.weight_norm = 1, .gradient_norm = 2, .update_norm = 3, .trust_ratio = 4},
        {.weight_norm = 5, .gradient_norm = NAN, .update_norm = 7, .trust_ratio = 1}};
    struct metrics metrics;
    struct error err;
    open_metrics(&metrics, 0);
    assert_int_equal(metrics_tensors(&metrics, "one", &state, &table, reports, &err), 0);
    metrics_close(&metrics);
    cJSON *line = only_line();
    const cJSON *tensors = cJSON_GetObjectItemCaseSensitive(line, "tensors");
    assert_string_equal(json_get_text(line, "kind"), "tensors");
    assert_number(line, "total_step", 13);
    assert_int_equal(cJSON_GetArraySize(tensors), 2);
    const cJSON *first = cJSON_GetArrayItem(tensors, 0), *second = cJSON_GetArrayItem(tensors, 1);
    assert_string_equal(json_get_text(first, "name"), "a.weight");
    assert_number(first, "weight_norm", 1);
    assert_number(first, "gradient_norm", 2);
    assert_number(first, "update_norm", 3);
    assert_number(first, "trust_ratio", 4);
    assert_string_equal(json_get_text(second, "name"), "a.bias");
    assert_null_field(second, "gradient_norm");
    cJSON_Delete(line);
}

static void products_go_by_who_made_them(void **unused)
{
    (void)unused;
    const struct product_shares shares = {
        .count = 2,
        .at = {{.maker = "A", .type = TYPE_BFLOAT16, .operations = 30, .share = 0.75},
               {.maker = "B", .type = TYPE_FLOAT32, .operations = 10, .share = 0.25}}};
    struct metrics metrics;
    struct error err;
    open_metrics(&metrics, 0);
    assert_int_equal(metrics_products(&metrics, "one", &state, &shares, &err), 0);
    metrics_close(&metrics);
    cJSON *line = only_line();
    const cJSON *products = cJSON_GetObjectItemCaseSensitive(line, "products");
    assert_string_equal(json_get_text(line, "kind"), "products");
    assert_number(line, "total_step", 13);
    assert_int_equal(cJSON_GetArraySize(products), 2);
    const cJSON *first = cJSON_GetArrayItem(products, 0), *second = cJSON_GetArrayItem(products, 1);
    assert_string_equal(json_get_text(first, "kernels"), "A");
    assert_string_equal(json_get_text(first, "operands"), "bfloat16");
    assert_number(first, "multiply_adds", 30);
    assert_number(first, "share", 0.75);
    assert_string_equal(json_get_text(second, "kernels"), "B");
    assert_string_equal(json_get_text(second, "operands"), "float32");
    cJSON_Delete(line);
}

/* A step says how many there were; a difference has a line of its own. */
static void replays_are_told(void **unused)
{
    (void)unused;
    static struct param_info infos[] = {{.name = "a.weight"}, {.name = "b.weight"}};
    static const struct param_table table = {.infos = infos, .count = 2};
    static const struct replay_difference differences[] = {
        {.owner = 1,
         .checker = 2,
         .owner_host = "h1",
         .checker_host = "h2",
         .sequences = 3,
         .sample = 77,
         .result = {.losses = true, .tensors = 1, .first = 1}},
        {.owner = 2, .checker = 0, .result = {.losses = true, .first = -1}}};
    struct step_report report = a_report();
    const struct step_metrics step = a_step(&report);
    struct metrics metrics;
    struct error err;
    report.replay = (struct replay_report){.made = 3, .different = 2, .differences = differences};
    open_metrics(&metrics, 0);
    assert_int_equal(metrics_step(&metrics, "one", &state, &step, &err), 0);
    metrics_close(&metrics);
    cJSON *line = only_line();
    assert_number(line, "replays", 3);
    assert_number(line, "replays_different", 2);
    cJSON_Delete(line);

    open_metrics(&metrics, 0);
    assert_int_equal(metrics_replay(&metrics, "one", &state, &table, &report.replay, &err), 0);
    metrics_close(&metrics);
    line = only_line();
    assert_string_equal(json_get_text(line, "kind"), "replay");
    assert_number(line, "total_step", 13);
    assert_number(line, "replays", 3);
    assert_number(line, "replays_different", 2);
    const cJSON *array = cJSON_GetObjectItemCaseSensitive(line, "differences");
    assert_int_equal(cJSON_GetArraySize(array), 2);
    const cJSON *first = cJSON_GetArrayItem(array, 0), *second = cJSON_GetArrayItem(array, 1);
    assert_number(first, "rank", 1);
    assert_string_equal(json_get_text(first, "host"), "h1");
    assert_number(first, "checked_by_rank", 2);
    assert_string_equal(json_get_text(first, "checked_by_host"), "h2");
    assert_number(first, "sample", 77);
    assert_number(first, "sequences", 3);
    assert_true(cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(first, "losses_differ")));
    assert_number(first, "tensors_different", 1);
    assert_string_equal(json_get_text(first, "first_tensor"), "b.weight");
    assert_number(second, "tensors_different", 0);
    assert_null(cJSON_GetObjectItemCaseSensitive(second, "first_tensor"));
    cJSON_Delete(line);
}

static void a_checkpoint_has_its_times(void **unused)
{
    (void)unused;
    struct metrics metrics;
    struct error err;
    open_metrics(&metrics, 0);
    assert_int_equal(metrics_checkpoint(&metrics, "one", &state, 0.5, 30, &err), 0);
    metrics_close(&metrics);
    cJSON *line = only_line();
    assert_string_equal(json_get_text(line, "kind"), "checkpoint");
    assert_number(line, "total_step", 13);
    assert_number(line, "pause_seconds", 0.5);
    assert_number(line, "write_seconds", 30);
    cJSON_Delete(line);
}

static void a_lost_log_is_told(void **unused)
{
    (void)unused;
    static const struct log_losses losses[] = {{.lines = 7}, {.lines = 8, .error = EPIPE}};
    for (int i = 0; i < 2; i++) {
        struct metrics metrics;
        struct error err;
        open_metrics(&metrics, 0);
        assert_int_equal(metrics_log(&metrics, "one", &state, &losses[i], &err), 0);
        metrics_close(&metrics);
        cJSON *line = only_line();
        assert_string_equal(json_get_text(line, "kind"), "log");
        assert_number(line, "total_step", 13);
        assert_number(line, "lost_lines", 7 + i);
        const char *why = json_get_text(line, "error");
        assert_true(i == 0 ? !why : strcmp(why, "Broken pipe") == 0);
        cJSON_Delete(line);
    }
}

static void an_evaluation_has_its_yardstick(void **unused)
{
    (void)unused;
    const struct evaluation evaluation = {
        .objectives = {pretraining, PRETRAINING_OBJECTIVES},
        .sums = {{.loss = 30, .correct = 5, .terms = 10}, {.loss = 0}}, /* no pair has a label */
        .unigram_loss = 4.5,
        .unigram_accuracy = 0.125,
        .sequences = 64};
    struct metrics metrics;
    struct error err;
    open_metrics(&metrics, 0);
    assert_int_equal(metrics_evaluation(&metrics, "two", &state, 128, &evaluation, &err), 0);
    metrics_close(&metrics);
    cJSON *line = only_line();
    assert_string_equal(json_get_text(line, "kind"), "evaluation");
    assert_string_equal(json_get_text(line, "phase"), "two");
    assert_number(line, "sequence_length", 128);
    assert_number(line, "sequences", 64);
    assert_number(line, "masked", 10);
    assert_number(line, "mlm_loss", 3);
    assert_number(line, "mlm_accuracy", 0.5);
    assert_null_field(line, "nsp_loss");
    assert_null_field(line, "nsp_accuracy");
    assert_number(line, "unigram_loss", 4.5);
    assert_number(line, "unigram_accuracy", 0.125);
    cJSON_Delete(line);
}

static void minimal_pairs_have_their_accuracy(void **unused)
{
    (void)unused;
    struct metrics metrics;
    struct error err;
    open_metrics(&metrics, 0);
    assert_int_equal(metrics_pairs(&metrics, "two", &state, 0.625, 40, &err), 0);
    metrics_close(&metrics);
    cJSON *line = only_line();
    assert_string_equal(json_get_text(line, "kind"), "pairs");
    assert_string_equal(json_get_text(line, "phase"), "two");
    assert_number(line, "total_step", 13);
    assert_number(line, "accuracy", 0.625);
    assert_number(line, "pairs", 40);
    cJSON_Delete(line);
}

/* --- the file ------------------------------------------------------------------------------------- */

/* Kept are the lines up to the checkpoint's step, whole ones of steps alone. */
static void a_resumed_run_drops_what_comes_again(void **unused)
{
    (void)unused;
    struct metrics metrics;
    cJSON *lines[4];
    open_metrics(&metrics, 0);
    for (int64_t step = 1; step <= 5; step++)
        write_step(&metrics, step);
    fputs("no JSON\n{\"total_step\":\"1\"}\n{\"total_step\":1,\"half", metrics.stream);
    metrics_close(&metrics);

    open_metrics(&metrics, 3);
    write_step(&metrics, 4);
    metrics_close(&metrics);
    assert_int_equal(read_lines(lines, 4), 4);
    for (int i = 0; i < 4; i++) {
        assert_number(lines[i], "total_step", i + 1);
        cJSON_Delete(lines[i]);
    }

    open_metrics(&metrics, 0); /* a run that begins anew */
    metrics_close(&metrics);
    assert_int_equal(read_lines(lines, 4), 0);
}

static void other_ranks_write_nothing(void **unused)
{
    (void)unused;
    struct metrics metrics;
    struct error err;
    assert_int_equal(metrics_open(&metrics, "/no/such/folder", 1, 0, &err), 0);
    assert_null(metrics.stream);
    write_step(&metrics, 1);
    metrics_close(&metrics);
    metrics_close(&metrics);
}

static void a_failed_write_names_the_file(void **unused)
{
    (void)unused;
    struct metrics metrics;
    struct error err;
    const struct step_report report = a_report();
    const struct step_metrics step = a_step(&report);
    assert_int_equal(metrics_open(&metrics, "/no/such/folder", 0, 0, &err), -1);
    assert_non_null(strstr(err.text, "/no/such/folder/metrics.jsonl"));
    metrics_close(&metrics);
    open_metrics(&metrics, 0);
    fclose(metrics.stream);
    metrics.stream = fopen("/dev/full", "a");
    assert_non_null(metrics.stream);
    assert_int_equal(metrics_step(&metrics, "one", &state, &step, &err), -1);
    assert_non_null(strstr(err.text, "cannot write "));
    assert_non_null(strstr(err.text, metrics.path));
    metrics_close(&metrics);
}

static void corpora_go_by_their_folders(void **unused)
{
    (void)unused;
    const struct corpus_progress corpora[] = {{"wiki", 700, 0.25}, {"my books", 300, 12.5}};
    struct metrics metrics;
    struct error err;
    open_metrics(&metrics, 0);
    assert_int_equal(metrics_corpora(&metrics, "one", &state, corpora, 2, &err), 0);
    metrics_close(&metrics);
    cJSON *line = only_line();
    const cJSON *array = cJSON_GetObjectItemCaseSensitive(line, "corpora");
    assert_string_equal(json_get_text(line, "kind"), "corpora");
    assert_number(line, "total_step", 13);
    assert_int_equal(cJSON_GetArraySize(array), 2);
    for (int c = 0; c < 2; c++) {
        const cJSON *object = cJSON_GetArrayItem(array, c);
        assert_string_equal(json_get_text(object, "corpus"), corpora[c].folder);
        assert_number(object, "samples", (double)corpora[c].samples);
        assert_number(object, "epochs", corpora[c].epochs);
    }
    cJSON_Delete(line);
}

/* A line that is not UTF-8 is no JSON, and a folder may have any name. */
static void any_folder_can_be_named(void **unused)
{
    (void)unused;
    const struct corpus_progress corpora[] = {{"b\xFC"
                                               "cher",
                                               700, 0.25}};
    struct metrics metrics;
    struct error err;
    open_metrics(&metrics, 0);
    assert_int_equal(metrics_corpora(&metrics, "one", &state, corpora, 1, &err), 0);
    metrics_close(&metrics);
    cJSON *line = only_line();
    const cJSON *object = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(line, "corpora"), 0);
    assert_string_equal(json_get_text(object, "corpus"), "b\xEF\xBF\xBD"
                                                         "cher");
    cJSON_Delete(line);
}

/* Which binary it is, a test has not said. */
static void a_run_says_who_computes(void **unused)
{
    (void)unused;
    const struct run_place place = {.ranks = 6, .nodes = 3, .threads = 4};
    struct metrics metrics;
    struct error err;
    open_metrics(&metrics, 0);
    assert_int_equal(metrics_run(&metrics, "one", &state, &place, &err), 0);
    metrics_close(&metrics);
    cJSON *line = only_line();
    assert_string_equal(json_get_text(line, "kind"), "run");
    assert_string_equal(json_get_text(line, "program"), LAMBERT_PROGRAM);
    assert_null(json_get(line, "commit"));
    assert_non_null(strstr(json_get_text(line, "command_line"), "test_metrics"));
    assert_int_equal(strlen(json_get_text(line, "date")), strlen("2001-02-03T04:05:06Z"));
    assert_number(line, "total_step", 13);
    assert_number(line, "ranks", 6);
    assert_number(line, "nodes", 3);
    assert_number(line, "threads", 4);
    cJSON_Delete(line);
}

/* A process that goes on from step 13 adds what it did to what was told up to there, and not what came behind. */
static void time_is_added_up_over_processes(void **unused)
{
    (void)unused;
    struct time_table table = {.ranks = 2, .nodes = 3, .seconds = 3600};
    struct metrics metrics;
    struct error err;
    table.parts[TIME_PRODUCTS].least = 1000;
    table.parts[TIME_PRODUCTS].mean = 1800;
    table.parts[TIME_PRODUCTS].most = 2600;
    table.parts[TIME_WAITING].mean = 1800;
    open_metrics(&metrics, 0);
    assert_int_equal(metrics.earlier.processes, 0);
    assert_int_equal(metrics_time(&metrics, "one", &state, &table, &err), 0);
    struct run_state later = state;
    later.total_steps = 14;
    assert_int_equal(metrics_time(&metrics, "one", &later, &table, &err), 0);
    metrics_close(&metrics);

    open_metrics(&metrics, 13);
    assert_int_equal(metrics.earlier.processes, 1);
    assert_true(metrics.earlier.node_hours[TIME_PRODUCTS] == 1.5);
    assert_true(time_totals_node_hours(&metrics.earlier) == 3);
    assert_int_equal(metrics_time(&metrics, "one", &later, &table, &err), 0);
    metrics_close(&metrics);

    cJSON *lines[2];
    assert_int_equal(read_lines(lines, 2), 2);
    assert_string_equal(json_get_text(lines[1], "kind"), "time");
    assert_number(lines[1], "ranks", 2);
    assert_number(lines[1], "nodes", 3);
    assert_number(lines[1], "seconds", 3600);
    assert_number(lines[1], "node_hours", 3);
    const cJSON *products = json_get(json_get(lines[1], "parts"), "products");
    assert_number(products, "least", 1000);
    assert_number(products, "mean", 1800);
    assert_number(products, "most", 2600);
    const cJSON *total = json_get(lines[1], "total");
    assert_number(total, "processes", 2);
    assert_number(json_get(total, "node_hours"), "products", 3);
    assert_number(json_get(total, "node_hours"), "waiting", 3);
    assert_number(json_get(total, "node_hours"), "data", 0);
    for (int i = 0; i < 2; i++)
        cJSON_Delete(lines[i]);
}

/* The numbers of a line are events, and a disk that is full for them costs a warning, once, and nothing else. */
static void events_are_a_view(void **unused)
{
    (void)unused;
    const struct step_report report = a_report();
    const struct step_metrics step = a_step(&report);
    struct metrics metrics;
    struct buffer said = {0}, bytes = {0};
    struct error err;
    open_metrics(&metrics, 0);
    assert_int_equal(metrics_open_events(&metrics, scratch_folder(), 0, "[model]\n", &err), 0);
    assert_int_equal(metrics_step(&metrics, "one", &state, &step, &err), 0);
    scratch_read(metrics.events.path, &bytes);
    assert_non_null(memmem(bytes.data, bytes.size, "train/mlm_loss", 14));
    assert_non_null(memmem(bytes.data, bytes.size, "    [model]\n", 12));
    assert_null(memmem(bytes.data, bytes.size, "total_step", 10));
    buffer_release(&bytes);

    assert_non_null(freopen("/dev/full", "wb", metrics.events.stream));
    catch_begin();
    for (int i = 0; i < 2; i++)
        assert_int_equal(metrics_step(&metrics, "one", &state, &step, &err), 0);
    catch_end(&said);
    const char *warning = strstr(buffer_text(&said), "warning: cannot write ");
    assert_non_null(warning);
    assert_null(strstr(warning + 1, "warning: "));
    buffer_release(&said);
    metrics_close(&metrics);

    cJSON *lines[3];
    assert_int_equal(read_lines(lines, 3), 3);
    for (int i = 0; i < 3; i++)
        cJSON_Delete(lines[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_are_a_view),
        cmocka_unit_test(time_is_added_up_over_processes),
        cmocka_unit_test(a_run_says_who_computes),
        cmocka_unit_test(corpora_go_by_their_folders),
        cmocka_unit_test(any_folder_can_be_named),
        cmocka_unit_test(a_step_has_all_fields),
        cmocka_unit_test(what_is_no_number_is_null),
        cmocka_unit_test(a_distance_has_no_accuracy),
        cmocka_unit_test(tensors_go_by_their_names),
        cmocka_unit_test(products_go_by_who_made_them),
        cmocka_unit_test(replays_are_told),
        cmocka_unit_test(a_checkpoint_has_its_times),
        cmocka_unit_test(a_lost_log_is_told),
        cmocka_unit_test(an_evaluation_has_its_yardstick),
        cmocka_unit_test(minimal_pairs_have_their_accuracy),
        cmocka_unit_test(a_resumed_run_drops_what_comes_again),
        cmocka_unit_test(other_ranks_write_nothing),
        cmocka_unit_test(a_failed_write_names_the_file),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
