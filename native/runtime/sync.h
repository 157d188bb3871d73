/*
 * Between the monitor and what it clones: one SOCK_SEQPACKET pair a child, a record of protocol.h in each packet.
 * The child's end is close-on-exec: when it closes without a FAILED, the program has been executed.
 */
#ifndef LICHEN_SYNC_H
#define LICHEN_SYNC_H

#include <stdint.h>

#include "protocol.h"

/* child -> monitor: STATUS_FAILED and STATUS_WARNING as they are in protocol.h, and */
enum sync_up {
  SYNC_CONSOLE = 100, /* (empty), with the pty's master as SCM_RIGHTS */
  SYNC_CHILD = 101,   /* u pid, with its pidfd as SCM_RIGHTS: the stage has cloned the container's first process */
  SYNC_HELPER = 102,  /* u pid, with its pidfd as SCM_RIGHTS: fuse-overlayfs, which is to be ended with the container */
};

/* monitor -> child */
enum sync_down {
  SYNC_MAPPED = 1, /* (empty): the id maps stand */
  SYNC_READY = 2,  /* (empty): network and cgroup stand, the program may be executed */
};

/* Sends a record without fields, with a descriptor where `fd` is not -1. Fails in `stage` ("namespace"). */
void sync_send(int socket, uint32_t tag, int fd, const char *stage);

/* As sync_send, with one number. */
void sync_send_number(int socket, uint32_t tag, uint64_t number, int fd);

/* A child's side: waits for one word of the monitor; anything else, and the monitor's end, ends this process quietly. */
void sync_wait(int socket, enum sync_down wanted);

#endif
