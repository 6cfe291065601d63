/* src/dist/contributions.h for simulated hosts: a sum takes time, and does nothing else. */
#include "contributions.h"

static double bytes_of(const struct contribution *c, int count, size_t n, size_t element)
{
    double bytes = (double)(n * element); /* written */
    for (int k = 0; k < count; k++)
        bytes += (double)(n * (c[k].bfloat16 ? sizeof(uint16_t) : element));
    return bytes;
}

void contributions_sum(const struct contribution *c, int count, size_t n, real *out)
{
    (void)out;
    simulated_sum(bytes_of(c, count, n, sizeof *out));
}

void contributions_sum_fixed(const struct contribution *c, int count, size_t n, int64_t *out)
{
    (void)out;
    simulated_sum(bytes_of(c, count, n, sizeof *out));
}

void contribution_pack(const real *values, size_t n, uint16_t *packed)
{
    simulated_sum((double)(n * (sizeof *values + sizeof *packed)));
}

void contribution_unpack(const uint16_t *packed, size_t n, real *values)
{
    (void)packed;
    (void)values;
    simulated_sum((double)(n * (sizeof *values + sizeof *packed)));
}
