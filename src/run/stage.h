/* The corpora of a run on the hosts' own disks (data.stage_folder): the first rank of each host copies them there before the
 * run reads any, all ranks of the host read the copy, and it is removed at the end. For shared file systems that many
 * ranks would drown.
 *
 * In the folder each run has a folder of its own, lambert-stage-HOST-NUMBER, beside a file of that name with .lock, which the rank
 * that copies has locked (base/file_lock.h) for as long as it lives. So runs of a host do not meet; and what a run that was
 * killed has left, whose lock nobody has, the next one on that host removes. */
#ifndef LAMBERT_RUN_STAGE_H
#define LAMBERT_RUN_STAGE_H

#include "lambert/base/error.h"
#include "lambert/config/config.h"
#include "lambert/dist/dist.h"

struct stage;

/* Collective; all ranks fail together. Copies the corpora of phases [first, end); *stage is NULL where no folder is named.
 * Fails before it copies where the disk of a host has not the room. RUN_STOPPED everywhere, and nothing is left, when a
 * signal to any rank ends the run meanwhile (signals.h, of programs that watch for them). */
int stage_open(struct stage **stage, const struct dist *dist, const struct config *config,
               int first, int end, struct error *err);

/* [local] When all ranks of the host are through with the copies. NULL is fine. */
void stage_close(struct stage *stage);

/* [local] In its place where a rank does not come back from reading a copy: all stays, and the next run on this host
 * removes it. NULL is fine. */
void stage_leave(const struct stage *stage);

/* [local] Where the corpus of that folder is to be read: the folder itself where there is no stage. */
const char *stage_place(const struct stage *stage, const char *folder);

#endif
