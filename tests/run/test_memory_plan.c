/* ranks: 1 2 3 */
#include "run/memory_plan.h"

#include <string.h>

#include "dist/ranks.h"
#include "lib/scratch.h"

enum { MB = 1000000 };

/* 70 MB of a rank's own, and weights of 60 MB. */
static struct memory_plan a_plan(bool shared)
{
    return (struct memory_plan){.trainer = {.sync = {.weights = 60 * MB,
                                                     .gradients = 30 * MB,
                                                     .shard = 4 * MB,
                                                     .buffers = 6 * MB,
                                                     .shared = shared},
                                            .moments = 7 * MB,
                                            .activations = 8 * MB},
                                .products = 10 * MB,
                                .corpus_cache = 5 * MB,
                                .batches = 3 * MB};
}

static double left; /* of the machine, as the last check found */

static int check(const struct memory_plan *plan, struct buffer *said, struct error *err)
{
    catch_begin();
    int status = memory_plan_check(plan, ranks, &left, err);
    catch_end(said);
    return status;
}

/* Rank 0 says what each will hold and what that makes on its machine, where weights that a node
 * shares are there once. */
static void the_sum_is_said(void **state)
{
    (void)state;
    for (int shared = 0; shared < 2; shared++) {
        const struct memory_plan plan = a_plan(shared);
        const int size = dist_size(ranks), total = size * 73 + (shared ? 60 : size * 60);
        struct buffer said = {0};
        struct error err;
        char machine[96];
        assert_int_equal(check(&plan, &said, &err), 0);
        snprintf(machine, sizeof machine, "memory of rank 0's machine: %d MB for %d rank(s)", total,
                 size);
        assert_true(left > 0 && left < 1e15);
        const char *text = buffer_text(&said);
        const bool first = dist_rank(ranks) == 0;
        assert_true(first == (strstr(text, machine) != NULL));
        assert_true(first ==
                    (strstr(text, "gradients 30 MB, summed shard 4 MB, messages 6 MB, "
                                  "moments 7 MB, activations 8 MB, matrix products 10 MB, "
                                  "corpus cache 5 MB, batches 3 MB; weights 60 MB") != NULL));
        assert_true(first == (strstr(text, "133 MB in all") != NULL));
        assert_true((first && shared) == (strstr(text, "the ranks of a node share") != NULL));
        buffer_release(&said);
    }
}

/* How activations are kept, where it is not the usual way. */
static void how_activations_are_kept_is_said(void **state)
{
    (void)state;
    const char *const wanted[2][2] = {
        {"activations 8 MB, ", "activations 8 MB (of every 3 layers one input), "},
        {"activations 8 MB (operands in bfloat16), ",
         "activations 8 MB (operands in bfloat16) (of every 3 layers one input), "}};
    for (int type = 0; type < 2; type++)
        for (int again = 0; again < 2; again++) {
            struct memory_plan plan = a_plan(true);
            struct buffer said = {0};
            struct error err;
            plan.compute_type = (enum float_type)type;
            plan.recompute = again ? 3 : 0;
            assert_int_equal(check(&plan, &said, &err), 0);
            assert_true((dist_rank(ranks) == 0) ==
                        (strstr(buffer_text(&said), wanted[type][again]) != NULL));
            buffer_release(&said);
        }
}

/* One rank that wants too much is enough, and all say so. */
static void too_much_is_refused_by_all(void **state)
{
    (void)state;
    struct memory_plan plan = a_plan(true);
    struct buffer said = {0};
    struct error err;
    if (dist_rank(ranks) == dist_size(ranks) - 1)
        plan.trainer.activations = (size_t)1 << 60;
    assert_int_equal(check(&plan, &said, &err), -1);
    assert_non_null(strstr(err.text, "of this machine would hold 1152921504"));
    assert_non_null(strstr(err.text, "train.micro_batch_tokens"));
    assert_true(dist_size(ranks) == 1 ||
                strncmp(err.text, "rank 0: the ", 12) == 0); /* one voice */
    buffer_release(&said);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {RANKS_TEST(the_sum_is_said),
                                       RANKS_TEST(how_activations_are_kept_is_said),
                                       RANKS_TEST(too_much_is_refused_by_all)};
    return RANKS_RUN(tests, &argc, &argv);
}
