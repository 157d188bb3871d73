/* Everybody who is attached. */
#ifndef LICHEN_CLIENTS_H
#define LICHEN_CLIENTS_H

#include <stdbool.h>
#include <stddef.h>

#include "client.h"
#include "plan.h"

/*
 * FD_CLIENT, where the plan has it, and whoever connects to plan->attach_socket (NULL or "": nobody), which is made for our own
 * user only. Until it says hello, FD_CLIENT is taken to want all output: it must not miss the first of it. Fails in stage "namespace".
 */
void clients_open(const struct plan *plan);

/* Again, after clients_refuse: whoever connects to plan->attach_socket. */
void clients_listen(const struct plan *plan);

/* Output for those who want it. */
void clients_send(enum frame_type type, const char *bytes, size_t length);

/* Whether somebody who wants it has not taken the last of it yet. */
bool clients_busy(enum frame_type type);

/* A client has said what it wants. */
void clients_greeted(struct client *client);

/* After each turn of the loop: feeds stdin, buries the dropped, and waits for what is of interest now. */
void clients_settle(void);

/* Nobody can attach any more: the socket is gone. */
void clients_refuse(void);

/* How a check ended, for those who have asked. */
void clients_answer(uint32_t answer);

/* The last frame for all: nothing that is read or written later is theirs. */
void clients_exit(int code);

/* Somebody has not taken everything yet. */
bool clients_left(void);

/* Nobody is waited for any more. */
void clients_abandon(void);

#endif
