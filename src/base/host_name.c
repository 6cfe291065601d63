#include "lambert/base/host_name.h"

#include <string.h>
#include <unistd.h>

void host_name(char name[HOST_NAME_ROOM])
{
    if (gethostname(name, HOST_NAME_ROOM) != 0)
        strcpy(name, "?");
    name[HOST_NAME_ROOM - 1] = '\0'; /* a name that is cut need not have one */
}
