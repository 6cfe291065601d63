/* Linked into programs that are built with sanitizers (Makefile, SAN). Open MPI closes its modules before the
 * process ends, and then nobody can tell whose the memory was that they keep: here they stay open, so that
 * the file `leaks` beside this one can name them. */
int dlclose(void *module);

int dlclose(void *module)
{
    (void)module;
    return 0;
}
