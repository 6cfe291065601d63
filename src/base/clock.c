#include "lambert/base/clock.h"

#include <math.h>
#include <stdio.h>
#include <time.h>

double clock_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

const char *clock_text(double seconds, char text[32])
{
    if (!(seconds > -0.5 && seconds < 1e15)) {
        snprintf(text, 32, "?");
        return text;
    }
    long long whole = llround(seconds);
    if (whole < 3600)
        snprintf(text, 32, "%lld:%02lld", whole / 60, whole % 60);
    else
        snprintf(text, 32, "%lld:%02lld:%02lld", whole / 3600, whole / 60 % 60, whole % 60);
    return text;
}

const char *clock_words(double seconds, char text[32])
{
    if (!(seconds > -0.5 && seconds < 1e15)) {
        snprintf(text, 32, "?");
        return text;
    }
    const long long minutes = llround(seconds / 60), hours = llround(seconds / 3600);
    if (seconds < 99.5)
        snprintf(text, 32, "%lld s", llround(fabs(seconds)));
    else if (minutes < 100)
        snprintf(text, 32, "%lld min", minutes);
    else if (hours < 48)
        snprintf(text, 32, "%lld h %lld min", minutes / 60, minutes % 60);
    else
        snprintf(text, 32, "%lld d %lld h", hours / 24, hours % 24);
    return text;
}
