#define _GNU_SOURCE
#include "terminal.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static bool standing; /* a progress line is on the terminal */

static const char wipe[] = "\r\033[K"; /* to the left edge, erase to the end of the line */

/* Wiping and text in one system call. A failure has nowhere to be told. */
static void write_text(bool wiped, const char *text, size_t size)
{
    struct iovec parts[2] = {{(char *)wipe, wiped ? sizeof wipe - 1 : 0}, {(char *)text, size}};
    int first = 0;
    while (first < 2) {
        ssize_t written = writev(STDERR_FILENO, parts + first, 2 - first);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return;
        size_t left = (size_t)written;
        while (first < 2 && left >= parts[first].iov_len)
            left -= parts[first++].iov_len;
        if (first < 2) {
            parts[first].iov_base = (char *)parts[first].iov_base + left;
            parts[first].iov_len -= left;
        }
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
