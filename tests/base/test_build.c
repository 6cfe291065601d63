/* What a binary says of itself, before main() has said it and after. */
#include "lib/unit.h"

#include "lambert/base/build.h"
#include "lambert/base/version.h"

static void is_told(void **state)
{
    (void)state;
    static const struct build build = {.commit = "0123abcd",
                                       .compiler = "cc 1.2",
                                       .flags = "-O2",
                                       .mpi = "Some MPI 4",
                                       .blas = "Some BLAS 5"};
    struct buffer text = {0};
    assert_null(build_get());
    build_print(&text);
    assert_string_equal(buffer_text(&text), LAMBERT_PROGRAM "\n");
    buffer_release(&text);

    build_set(&build);
    assert_string_equal(build_get()->commit, "0123abcd");
    build_print(&text);
    assert_string_equal(buffer_text(&text), LAMBERT_PROGRAM
                        "\ncommit 0123abcd\ncompiler cc 1.2\nflags -O2\nMPI Some MPI 4\n"
                        "BLAS Some BLAS 5\n");
    buffer_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(is_told)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
