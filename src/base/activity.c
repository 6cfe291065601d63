#include "lambert/base/activity.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>

#include "lambert/base/clock.h"

enum { TASK, AT, WAIT, WORDS };

struct word {
    _Atomic(const char *) what; /* NULL: nothing is said */
    _Atomic int64_t number;
};

static struct word words[WORDS];
static atomic_uint_fast64_t moves;
static double waited, wait_began;

static void set_mark(int level, const char *what, int64_t number)
{
    atomic_store_explicit(&words[level].what, what, memory_order_relaxed);
    atomic_store_explicit(&words[level].number, number, memory_order_relaxed);
    for (int finer = level + 1; finer < WORDS; finer++)
        atomic_store_explicit(&words[finer].what, NULL, memory_order_relaxed);
    activity_heartbeat();
}

void activity_task(const char *what, int64_t number)
{
    set_mark(TASK, what, number);
}

void activity_at(const char *what, int64_t number)
{
    set_mark(AT, what, number);
}

void activity_wait_begin(const char *what, int64_t number)
{
    set_mark(WAIT, what, number);
    wait_began = clock_seconds();
}

void activity_wait_end(void)
{
    waited += clock_seconds() - wait_began;
    set_mark(WAIT, NULL, 0);
}

double activity_waited(void)
{
    return waited;
}

void activity_heartbeat(void)
{
    atomic_fetch_add_explicit(&moves, 1, memory_order_relaxed);
}

uint64_t activity_heartbeats(void)
{
    return atomic_load_explicit(&moves, memory_order_relaxed);
}

void activity_describe(char *text, size_t size)
{
    static const char *const before[WORDS] = {"", "", "waiting in "};
    size_t used = 0;
    text[0] = '\0';
    for (int level = 0; level < WORDS; level++) {
        const char *what = atomic_load_explicit(&words[level].what, memory_order_relaxed);
        int64_t number = atomic_load_explicit(&words[level].number, memory_order_relaxed);
        char behind[32] = "";
        if (!what || used >= size)
            continue;
        if (number >= 0)
            snprintf(behind, sizeof behind, " %" PRId64, number);
        used += (size_t)snprintf(text + used, size - used, "%s%s%s%s", used > 0 ? ", " : "",
                                 before[level], what, behind);
    }
}

void activity_print(struct buffer *text)
{
    char words_of_all[512];
    activity_describe(words_of_all, sizeof words_of_all);
    buffer_print(text, "%s", words_of_all[0] ? words_of_all : "it has not said what it does");
}
