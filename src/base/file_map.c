#define _DEFAULT_SOURCE /* madvise(); posix_madvise() of glibc forgets nothing */
#include "lambert/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file_faults.h"
#include "file_open.h"
#include "lambert/base/array.h"
#include "lambert/base/log.h"
#include "lambert/base/machine_memory.h"
#include "lambert/base/memory.h"

/* --- which file lies where ---------------------------------------------------------------------- */

/* The handler of SIGBUS looks into this while other threads map and unmap files. So a place never moves,
 * and its start is written last and taken away first: the place of a file that is being read is whole. */
struct place {
    _Atomic(const uint8_t *) start; /* NULL: nothing is mapped here */
    _Atomic size_t size;
    _Atomic(char *) path;
};

enum { PLACES_A_BLOCK = 1024, MOST_BLOCKS = 1024 };
static _Atomic(struct place *) blocks[MOST_BLOCKS];

static pthread_mutex_t mutex =
    PTHREAD_MUTEX_INITIALIZER; /* guards what follows, and taking places */
static int *free_places;       /* [free_count], given back */
static size_t free_count, free_capacity;
static int place_count; /* that were ever taken: places [0, place_count) are in blocks */

static struct place *place_of(int number)
{
    return atomic_load(&blocks[number / PLACES_A_BLOCK]) + number % PLACES_A_BLOCK;
}

/* [mutex] */
static int take_place(void)
{
    if (free_count > 0)
        return free_places[--free_count];
    const int number = place_count++;
    if (number % PLACES_A_BLOCK == 0) {
        require(number / PLACES_A_BLOCK < MOST_BLOCKS); /* the system allows 65,530 mappings */
        atomic_store(&blocks[number / PLACES_A_BLOCK],
                     memory_new(PLACES_A_BLOCK, sizeof(struct place)));
    }
    return number;
}

static void catch_faults(void);

static void note_map(struct file_map *map, const char *path)
{
    pthread_mutex_lock(&mutex);
    catch_faults();
    map->place = take_place();
    pthread_mutex_unlock(&mutex);
    struct place *place = place_of(map->place);
    atomic_store(&place->path, memory_copy_text(path));
    atomic_store(&place->size, map->size);
    atomic_store(&place->start, map->data);
}

static void forget_map(const struct file_map *map)
{
    struct place *place = place_of(map->place);
    atomic_store(&place->start, NULL);
    free(atomic_exchange(&place->path, NULL));
    pthread_mutex_lock(&mutex);
    ARRAY_RESERVE(free_places, free_count + 1, free_capacity);
    free_places[free_count++] = map->place;
    pthread_mutex_unlock(&mutex);
}

/* For signal handlers too. */
static const struct place *find_place(const void *address)
{
    const uint8_t *at = address;
    for (int b = 0; b < MOST_BLOCKS; b++) {
        const struct place *block = atomic_load(&blocks[b]);
        if (!block)
            return NULL;
        for (int i = 0; i < PLACES_A_BLOCK; i++) {
            const uint8_t *start = atomic_load(&block[i].start);
            if (start && at >= start && (size_t)(at - start) < atomic_load(&block[i].size))
                return block + i;
        }
    }
    return NULL;
}

const char *file_map_path(const void *data)
{
    const struct place *place = find_place(data);
    return place ? atomic_load(&place->path) : NULL;
}

/* --- files that are whole no more --------------------------------------------------------------- */

enum { EXIT_BROKEN = 1 };

/* Text for a signal handler, which may not call printf(). */
struct line {
    char text[4096];
    size_t length;
};

static void add_text(struct line *line, const char *text)
{
    for (; *text && line->length < sizeof line->text - 1; text++)
        line->text[line->length++] = *text;
}

static void add_number(struct line *line, size_t number)
{
    char digits[24];
    size_t at = sizeof digits - 1;
    digits[at] = '\0';
    do
        digits[--at] = (char)('0' + number % 10);
    while ((number /= 10) != 0);
    add_text(line, digits + at);
}

static void begin_line(struct line *line)
{
    if (log_rank() != 0) {
        add_text(line, "[rank ");
        add_number(line, (size_t)log_rank());
        add_text(line, "] ");
    }
    add_text(line, "error: ");
}

static _Noreturn void end_with(struct line *line)
{
    line->text[line->length++] = '\n';
    alarm(10);    /* where standard error hangs, too */
    log_flush(1); /* who reads a file holds no lock of the log */
    for (size_t at = 0; at < line->length;) {
        const ssize_t wrote = write(STDERR_FILENO, line->text + at, line->length - at);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote <= 0)
            break;
        at += (size_t)wrote;
    }
    _exit(EXIT_BROKEN);
}

static struct sigaction
    before; /* who handled SIGBUS: MPI's library, which prints a stack, or nobody */

/* The kernel cannot bring a page of a mapping. Of a file that is ours it is said which; anything else is for
 * who was there before. */
static void tell_file(int number, siginfo_t *info, void *context)
{
    (void)context;
    const struct place *place = info->si_code > 0 ? find_place(info->si_addr) : NULL;
    if (!place) {
        sigaction(number, &before, NULL);
        if (info->si_code <= 0)
            raise(number); /* sent by somebody; a fault comes again by itself */
        return;
    }
    struct line line = {.length = 0};
    begin_line(&line);
    add_text(&line, atomic_load(&place->path));
    add_text(&line, " cannot be read any more at byte ");
    add_number(&line, (size_t)((const uint8_t *)info->si_addr - atomic_load(&place->start)));
    add_text(&line, " of ");
    add_number(&line, atomic_load(&place->size));
    add_text(&line, ": it " FILE_MAP_BROKEN ". Put it back, and start again");
    end_with(&line);
}

/* [mutex] With each map, for others may have taken the signal meanwhile. */
static void catch_faults(void)
{
    struct sigaction now, action = {.sa_sigaction = tell_file, .sa_flags = SA_SIGINFO};
    sigemptyset(&action.sa_mask);
    if (sigaction(SIGBUS, NULL, &now) != 0 ||
        ((now.sa_flags & SA_SIGINFO) && now.sa_sigaction == tell_file))
        return;
    before = now;
    sigaction(SIGBUS, &action, NULL);
}

/* --- mapping ------------------------------------------------------------------------------------ */

/* Some FUSE and 9p file systems map nothing shared, and some nothing at all. */
static bool maps_nothing(int error)
{
    return error == ENODEV || error == EINVAL || error == EACCES || error == EPERM ||
           file_says_unsupported(error);
}

static int read_instead(struct file_map *map, int descriptor, const char *path, struct error *err)
{
    LOG_WARNING_ONCE(
        "the file system of %s maps no files (%s): they are read into memory, each as a "
        "whole; a corpus is better copied to a local disk (data.stage_folder)",
        path, strerror(errno));
    void *data;
    const uint64_t available = machine_memory_available("");
    if (map->size > available)
        return error_set(
            err,
            "%s, %.0f MB, has to be read into memory, for its file system maps no files, and %.0f MB are available; "
            "copy it to a local disk (a run does with data.stage_folder)",
            path, (double)map->size / 1e6, (double)available / 1e6);
    if (memory_big(&data, map->size, path, err) < 0)
        return -1;
    map->data = data;
    map->copied = true;
    for (size_t at = 0; at < map->size;) {
        const ssize_t got = pread(descriptor, (uint8_t *)data + at, map->size - at, (off_t)at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) {
            got < 0 ? error_errno(err, "cannot read %s", path)
                    : error_set(err, "%s was cut short while it was read", path);
            file_map_close(map);
            return -1;
        }
        at += (size_t)got;
    }
    return 0;
}

static int map_descriptor(struct file_map *map, int descriptor, const char *path, struct error *err)
{
    static const int ways[] = {MAP_SHARED, MAP_PRIVATE}; /* FUSE may allow the second alone */
    void *data = MAP_FAILED;
    for (int i = 0; i < 2 && data == MAP_FAILED && (i == 0 || maps_nothing(errno)); i++)
        data = mmap(NULL, map->size, PROT_READ, ways[i], descriptor, 0);
    if (data == MAP_FAILED && maps_nothing(errno))
        return read_instead(map, descriptor, path, err);
    if (data == MAP_FAILED)
        return error_errno(err, "cannot map %s", path);
    map->data = data;
    note_map(map, path);
    return 0;
}

int file_map_open(struct file_map *map, const char *path, struct error *err)
{
    *map = (struct file_map){0};
    struct stat info = {0};
    int descriptor = file_open_to_read(path, &info, err);
    if (descriptor < 0)
        return -1;
    int status = 0;
    if (!S_ISREG(info.st_mode)) {
        status = error_set(err, "%s is not a regular file", path);
    } else if (info.st_size > 0) {
        map->size = (size_t)info.st_size;
        status = map_descriptor(map, descriptor, path, err);
    }
    if (status < 0)
        *map = (struct file_map){0};
    close(descriptor);
    return status;
}

void file_map_forget(const struct file_map *map)
{
    if (map->data && !map->copied)
        madvise((void *)map->data, map->size, MADV_DONTNEED); /* a wish: it changes no byte */
}

void file_map_close(struct file_map *map)
{
    if (map->copied) {
        memory_big_free((void *)map->data, map->size);
    } else if (map->data) {
        forget_map(map);
        munmap((void *)map->data, map->size);
    }
    *map = (struct file_map){0};
}
