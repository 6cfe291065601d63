/* The name of the machine that this process runs on, for sentences and for what processes of several machines keep in
 * one folder. */
#ifndef LAMBERT_BASE_HOST_NAME_H
#define LAMBERT_BASE_HOST_NAME_H

enum { HOST_NAME_ROOM = 256 };

/* "?" where the system does not say it. */
void host_name(char name[HOST_NAME_ROOM]);

#endif
