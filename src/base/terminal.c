#define _GNU_SOURCE
#include "terminal.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { ROOM = 1 << 20, PIECE = 1 << 16 };

static const double END_SECONDS = 1; /* that a process which ends waits for a reader of its log */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards all that follows */
static bool standing;                                    /* a progress line is on the terminal */
static struct log_losses losses;

/* What a thread is still to write: a ring of bytes. Those that are being written count as used, so that none
 * used is nothing left to do. */
static struct {
    bool on;
    pthread_cond_t changed; /* by the monotonic clock */
    char bytes[ROOM];
    size_t begin, used;
    uint64_t unsaid; /* lines lost that no line in the log has told of yet */
} behind;

static const char wipe[] = "\r\033[K"; /* to the left edge, erase to the end of the line */

/* All of the parts, in one system call if the system takes them so. 0, or the errno of the failure. */
static int write_parts(struct iovec *parts, int count)
{
    int first = 0;
    while (first < count) {
        ssize_t written = writev(STDERR_FILENO, parts + first, count - first);
        if (written < 0 &&
            errno == EAGAIN) { /* somebody made it non-blocking, for all who share it */
            struct pollfd room = {.fd = STDERR_FILENO, .events = POLLOUT};
            poll(&room, 1, -1);
            continue;
        }
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return errno;
        size_t left = (size_t)written;
        while (first < count && left >= parts[first].iov_len)
            left -= parts[first++].iov_len;
        if (first < count) {
            parts[first].iov_base = (char *)parts[first].iov_base + left;
            parts[first].iov_len -= left;
        }
    }
    return 0;
}

static uint64_t lines_of(const char *text, size_t size)
{
    uint64_t lines = 0;
    for (size_t i = 0; i < size; i++)
        lines += text[i] == '\n';
    return lines;
}

/* --- written behind --------------------------------------------------------------------------- */

static void put(const char *text, size_t size)
{
    for (size_t done = 0, part; done < size; done += part) {
        const size_t at = (behind.begin + behind.used) % ROOM;
        part = size - done < ROOM - at ? size - done : ROOM - at;
        memcpy(behind.bytes + at, text + done, part);
        behind.used += part;
    }
}

/* For the thread, or not at all. */
static void write_later(bool wiped, const char *text, size_t size)
{
    const size_t wiping = wiped ? sizeof wipe - 1 : 0;
    char notice[128] = "";
    if (behind.unsaid > 0)
        snprintf(
            notice, sizeof notice,
            "warning: %llu lines of the log are lost here: they came faster than they were read\n",
            (unsigned long long)behind.unsaid);
    if (wiping + strlen(notice) + size > ROOM - behind.used) {
        losses.lines += lines_of(text, size);
        behind.unsaid += lines_of(text, size);
        return;
    }
    put(wipe, wiping);
    put(notice, strlen(notice));
    put(text, size);
    behind.unsaid = 0;
    pthread_cond_broadcast(&behind.changed);
}

/* The next bytes, at most PIECE; up to the end of a line, if one ends there. */
static size_t get(char piece[PIECE])
{
    const size_t size = behind.used < PIECE ? behind.used : PIECE;
    const size_t straight = size < ROOM - behind.begin ? size : ROOM - behind.begin;
    memcpy(piece, behind.bytes + behind.begin, straight);
    memcpy(piece + straight, behind.bytes, size - straight);
    const char *newline = memrchr(piece, '\n', size);
    return newline ? (size_t)(newline - piece) + 1 : size;
}

static void *write_all(void *unused)
{
    static char piece[PIECE];
    (void)unused;
    pthread_mutex_lock(&lock);
    for (;;) {
        while (behind.used == 0)
            pthread_cond_wait(&behind.changed, &lock);
        const size_t size = get(piece);
        pthread_mutex_unlock(&lock);
        const int failure = write_parts(&(struct iovec){piece, size}, 1);
        pthread_mutex_lock(&lock);
        behind.begin = (behind.begin + size) % ROOM;
        behind.used -= size;
        if (failure != 0) {
            losses.lines += lines_of(piece, size);
            losses.error = failure;
        }
        pthread_cond_broadcast(&behind.changed);
    }
    return NULL;
}

static void flush_at_end(void)
{
    terminal_flush(END_SECONDS);
}

void terminal_write_behind(void)
{
    pthread_condattr_t monotonic;
    pthread_t thread;
    pthread_mutex_lock(&lock);
    if (!behind.on) {
        pthread_condattr_init(&monotonic);
        pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
        pthread_cond_init(&behind.changed, &monotonic);
        pthread_condattr_destroy(&monotonic);
        /* Without a thread messages are written at once, as before. */
        behind.on = pthread_create(&thread, NULL, write_all, NULL) == 0;
        if (behind.on) {
            pthread_setname_np(thread, "log");
            pthread_detach(thread);
            atexit(flush_at_end);
        }
    }
    pthread_mutex_unlock(&lock);
}

void terminal_flush(double seconds)
{
    struct timespec until;
    int status = 0;
    clock_gettime(CLOCK_MONOTONIC, &until);
    const double fraction = seconds - (double)(time_t)seconds;
    until.tv_sec += (time_t)seconds;
    until.tv_nsec += (long)(fraction * 1e9);
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    pthread_mutex_lock(&lock);
    while (behind.on && behind.used > 0 && status == 0)
        status = pthread_cond_timedwait(&behind.changed, &lock, &until);
    pthread_mutex_unlock(&lock);
}

struct log_losses terminal_losses(void)
{
    pthread_mutex_lock(&lock);
    const struct log_losses now = losses;
    pthread_mutex_unlock(&lock);
    return now;
}

/* --- messages and the progress line ----------------------------------------------------------- */

/* Wiping and text together. */
static void write_text(bool wiped, const char *text, size_t size)
{
    struct iovec parts[2] = {{(char *)wipe, wiped ? sizeof wipe - 1 : 0}, {(char *)text, size}};
    if (behind.on) {
        write_later(wiped, text, size);
        return;
    }
    const int failure = write_parts(parts, 2);
    if (failure != 0) {
        losses.lines += lines_of(text, size);
        losses.error = failure;
    }
}

static size_t terminal_width(void)
{
    struct winsize window;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &window) != 0 || window.ws_col == 0)
        return 80;
    return window.ws_col;
}

/* How many bytes of text fill at most `columns`, never cutting a UTF-8 character. */
static size_t fitting_bytes(const char *text, size_t size, size_t columns)
{
    size_t i = 0;
    for (size_t used = 0; i < size; i++) {
        bool starts = ((unsigned char)text[i] & 0xc0) != 0x80;
        if (starts && used++ == columns)
            break;
    }
    return i;
}

void terminal_message(const char *text, size_t size)
{
    pthread_mutex_lock(&lock);
    write_text(standing, text, size);
    standing = false;
    pthread_mutex_unlock(&lock);
}

void terminal_status(const char *text, size_t size)
{
    pthread_mutex_lock(&lock);
    /* The last column would wrap. */
    write_text(true, text, fitting_bytes(text, size, terminal_width() - 1));
    standing = true;
    pthread_mutex_unlock(&lock);
}

void terminal_wipe(void)
{
    pthread_mutex_lock(&lock);
    if (standing)
        write_text(true, NULL, 0);
    standing = false;
    pthread_mutex_unlock(&lock);
}
