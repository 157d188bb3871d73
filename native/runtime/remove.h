#ifndef LICHEN_REMOVE_H
#define LICHEN_REMOVE_H

/*
 * Removes what `name` in `directory` is, with all that is below it, however deep. What is gone already, or goes meanwhile, is
 * fine; what is mounted there is left alone (EBUSY). -1 and errno; remove_subject() then names the entry.
 */
int remove_at(int directory, const char *name);
const char *remove_subject(void);

#endif
