#include "code_table.h"

#include <stdlib.h>
#include <string.h>

#include "lambert/base/memory.h"
#include "lambert/text/unicode.h"
#include "token_normalizer.h"

_Static_assert(sizeof(struct code_fate) == 16, "a fate is copied at once");

/* What a code point becomes, without a look at its neighbours. */
struct parts {
    int32_t codes[UNICODE_LOWER_LONGEST * UNICODE_NFD_LONGEST];
    int count;
    bool accents; /* some were dropped */
};

static void add_part(struct parts *parts, int32_t code, bool strip_accents)
{
    if (strip_accents && unicode_is_accent(code))
        parts->accents = true;
    else
        parts->codes[parts->count++] = code;
}

static struct parts parts_of(int32_t code, bool lower_case, bool strip_accents)
{
    struct parts parts = {0};
    int32_t lower[UNICODE_LOWER_LONGEST] = {code}, decomposed[UNICODE_NFD_LONGEST];
    const int count = lower_case ? unicode_lower(code, lower) : 1;
    for (int l = 0; l < count; l++) {
        const int pieces = strip_accents ? unicode_decompose(lower[l], decomposed) : 0;
        for (int p = 0; p < pieces; p++)
            add_part(&parts, decomposed[p], strip_accents);
        if (!strip_accents)
            add_part(&parts, lower[l], false);
    }
    return parts;
}

/* A capital sigma looks at its neighbours; marks that are no accents are put in order with them; and a
 * character that becomes several, punctuation among them, is cut. */
static bool is_slow(const struct code_table *table, int32_t code, const struct parts *parts,
                    int size)
{
    bool ordered = false, cut = false;
    for (int i = 0; i < parts->count; i++) {
        ordered |= table->strip_accents && unicode_combining_class(parts->codes[i]) > 0;
        cut |= parts->count > 1 && token_is_punctuation(parts->codes[i]);
    }
    return (table->lower_case && code == UNICODE_CAPITAL_SIGMA) || ordered || cut ||
           size > CODE_BYTES;
}

static struct code_fate fate_of(const struct code_table *table, int32_t code)
{
    char bytes[sizeof((struct parts *)0)->codes];
    const struct parts parts = parts_of(code, table->lower_case, table->strip_accents);
    struct code_fate fate = {.kind = CODE_WORD};
    int size = 0;
    if (token_ends_at(code) || token_leaves_out(code)) {
        fate.kind = token_ends_at(code) ? CODE_SPACE : CODE_DROPPED;
        return fate;
    }
    for (int i = 0; i < parts.count; i++)
        size += (int)unicode_encode(parts.codes[i], bytes + size);
    fate.accents = parts.accents;
    if (is_slow(table, code, &parts, size)) {
        fate.kind = CODE_SLOW;
        return fate;
    }
    memcpy(fate.bytes, bytes, (size_t)size);
    fate.size = (uint8_t)size;
    if (unicode_is_cjk(code))
        fate.kind = CODE_HAN;
    else if (parts.count == 1 && token_is_punctuation(parts.codes[0]))
        fate.kind = CODE_ALONE;
    return fate;
}

const struct code_table *code_table_of(bool lower_case, bool strip_accents)
{
    static _Atomic(const struct code_fate *) pages[2][2][CODE_PAGES];
    static const struct code_table tables[2][2] = {
        {{false, false, pages[0][0]}, {false, true, pages[0][1]}},
        {{true, false, pages[1][0]}, {true, true, pages[1][1]}}};
    return &tables[lower_case][strip_accents];
}

/* Of two threads that make the same page, the first one's counts. */
const struct code_fate *code_table_page(const struct code_table *table, int32_t code)
{
    const int32_t first = code / CODE_PAGE * CODE_PAGE;
    struct code_fate *page = memory_new(CODE_PAGE, sizeof *page);
    const struct code_fate *there = NULL;
    for (int32_t i = 0; i < CODE_PAGE; i++)
        page[i] = fate_of(table, first + i);
    if (atomic_compare_exchange_strong(&table->pages[code / CODE_PAGE], &there, page))
        return page;
    free(page);
    return there;
}
