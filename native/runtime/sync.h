/*
 * Between the monitor and what it clones: one SOCK_SEQPACKET pair a child, a record of protocol.h in each packet.
 * The child's end is close-on-exec: when it closes without a FAILED, the program has been executed.
 */
#ifndef LICHEN_SYNC_H
#define LICHEN_SYNC_H

#include <stdbool.h>
#include <stdint.h>

#include "protocol.h"
#include "records.h"
#include "report.h"

/* child -> monitor: STATUS_FAILED and STATUS_WARNING as they are in protocol.h, and */
enum sync_up {
  SYNC_CONSOLE = 100, /* (empty), with the pty's master as SCM_RIGHTS */
  SYNC_CHILD = 101,   /* u pid, with its pidfd as SCM_RIGHTS: the stage has cloned the container's first process */
  SYNC_HELPER = 102,  /* u pid, with its pidfd as SCM_RIGHTS: fuse-overlayfs, which is to be ended with the container */
  SYNC_UNSHARED = 103, /* (empty): the stage has made its own user namespace and waits for SYNC_MAPPED */
  SYNC_NAMESPACES = 104, /* (empty), with the user and the network namespace as SCM_RIGHTS, for the network helper */
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

/* As sync_send, with two descriptors. */
void sync_send_pair(int socket, uint32_t tag, const int fds[2], const char *stage);

/* One packet, on the monitor's side. */
struct sync_packet {
  char bytes[REPORT_MAX];
  size_t length; /* 0: all of the other ends are closed */
  struct record record;
  int fds[2]; /* -1: none; the receiver's to close */
};

/* False where there is no packet yet. */
bool sync_receive(int socket, struct sync_packet *packet);

/* A child's side: waits for one word of the monitor; anything else, and the monitor's end, ends this process quietly. */
void sync_wait(int socket, enum sync_down wanted);

#endif
