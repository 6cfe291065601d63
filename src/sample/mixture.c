#include "lambert/sample/mixture.h"

#include <math.h>

#include "lambert/base/error.h"

void mixture_init(struct mixture *mixture, const double *weights, int count)
{
    require(count >= 1 && count <= MIXTURE_MOST);
    double sum = 0;
    int largest = 0;
    *mixture = (struct mixture){.count = count};
    for (int p = 0; p < count; p++) {
        require(isfinite(weights[p]) && weights[p] > 0);
        sum += weights[p];
        largest = weights[p] > weights[largest] ? p : largest;
    }
    int64_t rest = MIXTURE_UNIT;
    for (int p = 0; p < count; p++) {
        mixture->units[p] = (uint32_t)fmax(1, rint(weights[p] / sum * MIXTURE_UNIT));
        rest -= mixture->units[p];
    }
    /* What rounding left over or took too much, a unit a part at most, is where it is least seen:
     * the largest part has a 128th of all at least. */
    mixture->units[largest] = (uint32_t)(mixture->units[largest] + rest);
}

void mixture_weights(const uint64_t *tokens, int count, double temperature, double *weights)
{
    uint64_t most = 1;
    for (int p = 0; p < count; p++)
        most = tokens[p] > most ? tokens[p] : most;
    for (int p = 0; p < count; p++)
        weights[p] = pow((double)(tokens[p] > 0 ? tokens[p] : 1) / (double)most, 1 / temperature);
}

double mixture_share(const struct mixture *mixture, int part)
{
    return (double)mixture->units[part] / MIXTURE_UNIT;
}

/* round(i units / all), halves up; without i units, which may need 92 bits. */
static uint64_t dealt(uint64_t i, uint64_t units, uint64_t all)
{
    return i / all * units + (2 * (i % all) * units + all) / (2 * all);
}

struct mixture_place mixture_find(const struct mixture *mixture, uint64_t i)
{
    uint64_t all = MIXTURE_UNIT;
    int part = 0;
    for (; part < mixture->count - 1; part++) {
        const uint64_t units = mixture->units[part], before = dealt(i, units, all);
        if (dealt(i + 1, units, all) > before)
            return (struct mixture_place){.part = part, .index = before};
        i -= before; /* the same sample, numbered among those that are left */
        all -= units;
    }
    return (struct mixture_place){.part = part, .index = i};
}

uint64_t mixture_count(const struct mixture *mixture, int part, uint64_t i)
{
    uint64_t all = MIXTURE_UNIT;
    for (int p = 0; p < part; p++) {
        i -= dealt(i, mixture->units[p], all);
        all -= mixture->units[p];
    }
    return part < mixture->count - 1 ? dealt(i, mixture->units[part], all) : i;
}
