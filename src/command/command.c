#include "lambert/command/command.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "lambert/base/buffer.h"
#include "lambert/base/log.h"

int command_failed(const char *command, const struct error *err)
{
    log_error("lambert %s: %s", command, err->text);
    return EXIT_FAILED;
}

int command_misused(const char *command, const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    log_error("lambert %s: %s", command, text);
    return EXIT_MISUSED;
}

int command_on_ranks(const char *command, int argc, char **argv,
                     int (*body)(struct dist *dist, const void *context, struct error *err),
                     const void *context)
{
    struct dist *dist;
    struct error err;
    if (dist_open(&dist, &argc, &argv, &err) < 0)
        return command_failed(command, &err);
    int code = EXIT_DONE;
    if (body(dist, context, &err) < 0)
        code = dist_rank(dist) == 0 ? command_failed(command, &err) : EXIT_FAILED;
    dist_close(dist);
    return code;
}

void print_json_line(cJSON *object)
{
    char *text = cJSON_PrintUnformatted(object);
    printf("%s\n", text);
    cJSON_free(text);
    cJSON_Delete(object);
}

int option_integer(const char *option, const char *text, long long min, long long max,
                   long long *value, struct error *err)
{
    char *end;
    errno = 0;
    *value = strtoll(text, &end, 10);
    if (end == text || *end != '\0')
        return error_set(err, "%s wants a whole number, not '%s'", option, text);
    if (errno == ERANGE || *value < min || *value > max)
        return error_set(err, "%s %s is out of range: %lld to %lld", option, text, min, max);
    return 0;
}

int option_real(const char *option, const char *text, double min, double max, double *value,
                struct error *err)
{
    char *end;
    *value = strtod(text, &end);
    if (end == text || *end != '\0' || isnan(*value))
        return error_set(err, "%s wants a number, not '%s'", option, text);
    if (!(*value >= min && *value <= max))
        return error_set(err, "%s %s is out of range: %g to %g", option, text, min, max);
    return 0;
}
