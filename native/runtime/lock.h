/* The lock that says: this container runs. */
#ifndef LICHEN_LOCK_H
#define LICHEN_LOCK_H

/* Fails in stage "lock": EAGAIN where another monitor has it. */
void lock_take(const char *path);
void lock_release(void);

#endif
