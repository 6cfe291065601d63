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

/* Binary logarithm and its inverse, to 46 bits, of nothing but sums, products, quotients and square roots, which
 * IEEE 754 defines to the last bit: shares are computed anew when a run is resumed, and must not depend on the
 * mathematical library of the machine. The bits of a logarithm come out by squaring. */
enum { POWER_BITS = 52 };

static double binary_logarithm(double x)
{
    int exponent;
    double mantissa = 2 * frexp(x, &exponent), bits = 0, bit = 1; /* mantissa in [1, 2) */
    for (int i = 0; i < POWER_BITS; i++) {
        mantissa *= mantissa;
        bit /= 2;
        if (mantissa >= 2) {
            mantissa /= 2;
            bits += bit;
        }
    }
    return exponent - 1 + bits;
}

static double power_of_two(double exponent)
{
    const double whole = floor(exponent);
    double rest = exponent - whole, root = 2, power = 1; /* rest in [0, 1) */
    for (int i = 0; i < POWER_BITS; i++) {
        root = sqrt(root);
        rest *= 2;
        if (rest >= 1) {
            rest -= 1;
            power *= root;
        }
    }
    return ldexp(power, (int)whole);
}

void mixture_weights(const uint64_t *tokens, int count, double temperature, double *weights)
{
    uint64_t most = 1;
    for (int p = 0; p < count; p++)
        most = tokens[p] > most ? tokens[p] : most;
    for (int p = 0; p < count; p++) {
        const double part = (double)(tokens[p] > 0 ? tokens[p] : 1) / (double)most;
        weights[p] = temperature == 1 ? part : power_of_two(binary_logarithm(part) / temperature);
    }
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
