#include "lambert/base/file_set.h"

#include <stdint.h>
#include <stdlib.h>

#include "lambert/base/hash.h"
#include "lambert/base/memory.h"

enum { LEAST_PLACES = 64 };

/* The place of the file, or the free one where it belongs. */
static struct file_identity *find_place(const struct file_set *set, dev_t device, ino_t number)
{
    const uint64_t key[] = {(uint64_t)device, (uint64_t)number};
    size_t place = hash_bytes(key, sizeof key) & set->mask;
    while (set->places[place].used &&
           (set->places[place].device != device || set->places[place].number != number))
        place = (place + 1) & set->mask;
    return &set->places[place];
}

static void make_room(struct file_set *set)
{
    const struct file_set old = *set;
    const size_t old_places = old.places ? old.mask + 1 : 0;
    if (2 * (set->count + 1) <= old_places)
        return;
    const size_t places = old_places ? 2 * old_places : LEAST_PLACES;
    set->places = memory_new(places, sizeof *set->places);
    set->mask = places - 1;
    for (size_t i = 0; i < old_places; i++)
        if (old.places[i].used)
            *find_place(set, old.places[i].device, old.places[i].number) = old.places[i];
    free(old.places);
}

bool file_set_add(struct file_set *set, const struct stat *status)
{
    make_room(set);
    struct file_identity *place = find_place(set, status->st_dev, status->st_ino);
    if (place->used)
        return false;
    *place = (struct file_identity){status->st_dev, status->st_ino, true};
    set->count++;
    return true;
}

bool file_set_has(const struct file_set *set, const struct stat *status)
{
    return set->count > 0 && find_place(set, status->st_dev, status->st_ino)->used;
}

void file_set_release(struct file_set *set)
{
    free(set->places);
    *set = (struct file_set){0};
}
