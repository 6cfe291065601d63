/* What an Open MPI speaks is told by the files of its components. */
#include "dist/mpi_library.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/scratch.h"
#include "lib/unit.h"

static void touch(const char *name)
{
    const int file = open(scratch_path(name), O_CREAT | O_WRONLY, 0644);
    assert_true(file >= 0);
    close(file);
}

static void open_mpi_speaks_what_it_has_components_for(void **state)
{
    (void)state;
    const char *folder = scratch_folder();
    assert_true(open_mpi_speaks_pmi(folder)); /* all is in one library: not told */
    assert_int_equal(mkdir(scratch_path("openmpi"), 0755), 0);
    touch("openmpi/mca_btl_tcp.so");
    assert_true(open_mpi_speaks_pmi(folder));
    touch("openmpi/mca_pmix_ext3x.so");
    assert_false(open_mpi_speaks_pmi(folder));
    touch("openmpi/mca_pmix_s2.so");
    assert_true(open_mpi_speaks_pmi(folder));
}

static void debian_has_components_elsewhere(void **state)
{
    (void)state;
    char folder[4096];
    snprintf(folder, sizeof folder, "%s", scratch_path("debian"));
    const char *below[] = {"debian", "debian/openmpi", "debian/openmpi/lib",
                           "debian/openmpi/lib/openmpi3"};
    for (size_t i = 0; i < sizeof below / sizeof below[0]; i++)
        assert_int_equal(mkdir(scratch_path(below[i]), 0755), 0);
    touch("debian/openmpi/lib/openmpi3/mca_pmix_ext3x.so");
    assert_false(open_mpi_speaks_pmi(folder));
    touch("debian/openmpi/lib/openmpi3/mca_pmix_s1.so");
    assert_true(open_mpi_speaks_pmi(folder));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(open_mpi_speaks_what_it_has_components_for),
                                       cmocka_unit_test(debian_has_components_elsewhere)};
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
