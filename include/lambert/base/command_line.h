/* What the user typed to start this process, for logs: as one line of a shell, whatever its words hold. */
#ifndef LAMBERT_BASE_COMMAND_LINE_H
#define LAMBERT_BASE_COMMAND_LINE_H

/* free(). "?" where the system does not say it (there is no /proc). */
char *command_line(void);

#endif
