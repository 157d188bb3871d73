/* One client of the attach protocol: frames in, frames out. */
#ifndef LICHEN_CLIENT_H
#define LICHEN_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "loop.h"
#include "protocol.h"

struct client {
  struct watch watch; /* first; fd -1: it is gone, and is to be freed */
  struct client *next;
  uint32_t hello;     /* enum hello_flag bits */
  bool greeted;       /* it has said so itself */
  bool stdin_is_mine; /* STDIN_ONCE: its end of file, or its going, is the process's */
  bool asks;          /* how the next check of the health ends */
  bool leaving;       /* has been sent everything; gone when that is out */

  /* The frame that is being read: its head, then its payload, whose last `left` bytes are still to come. */
  uint32_t head[2], left;
  size_t head_length;
  uint32_t numbers[2];
  /* What has been received and can't be taken yet, because the process does not read its stdin. */
  char *rest;
  size_t rest_length;

  /* What it has not taken yet. */
  char *out;
  size_t out_length;
};

/* Reads what it sends. */
void client_receive(struct client *client);

/* Tries again what the process's stdin had no room for. */
void client_retry(struct client *client);

/* Sends a frame, or keeps it until there is room: the caller looks at out_length before it sends more. */
void client_send(struct client *client, uint32_t type, const void *payload, size_t length);

/* Sends what was kept. */
void client_flush(struct client *client);

/* It has been sent everything, and gets no more; what it still sends goes nowhere. */
void client_leave(struct client *client);

void client_drop(struct client *client);

#endif
