/* Constants of the container format, which base/container.h describes. */
#ifndef LAMBERT_BASE_CONTAINER_FORMAT_H
#define LAMBERT_BASE_CONTAINER_FORMAT_H

#include <stdint.h>

enum {
    CONTAINER_HEAD = 24,  /* bytes before the first section's padding */
    CONTAINER_ENTRY = 40, /* of the table */
    CONTAINER_TAIL = 40,
    CONTAINER_ALIGNMENT = 64,
    CONTAINER_KIND = 8, /* longest kind */
    CONTAINER_NAME = 16 /* longest name of a section */
};

#define CONTAINER_FIRST "LAMBERT\n"
#define CONTAINER_LAST  "\nTREBMAL"

/* The next multiple of the alignment. */
static inline uint64_t container_align(uint64_t offset)
{
    return (offset + CONTAINER_ALIGNMENT - 1) / CONTAINER_ALIGNMENT * CONTAINER_ALIGNMENT;
}

#endif
