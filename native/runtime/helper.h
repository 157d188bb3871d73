/* Starts helpers of the host: newuidmap, newgidmap, slirp4netns. */
#ifndef LICHEN_HELPER_H
#define LICHEN_HELPER_H

#include <stddef.h>
#include <sys/types.h>

struct helper_fd {
  int theirs, ours;
};

/*
 * Starts argv[0], a path, with exactly these descriptors (0, 1 and 2 are /dev/null where not named), an environment of
 * nothing but PATH, default signals and an empty mask. -1 and errno where it can't be executed.
 */
pid_t helper_start(const char *const argv[], const struct helper_fd *fds, size_t count);

/*
 * The same as root of the user namespace `user`, with all capabilities there. What can't be done or executed is said on the descriptor
 * that becomes the helper's 2.
 */
pid_t helper_start_in(int user, const char *const argv[], const struct helper_fd *fds, size_t count);

/* What a helper says on the pipe `fd` until it closes it, cut to `size` - 1 bytes, without the line end. Closes `fd`. */
void helper_words(int fd, char *words, size_t size);

#endif
