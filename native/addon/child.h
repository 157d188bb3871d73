#ifndef LICHEN_ADDON_CHILD_H
#define LICHEN_ADDON_CHILD_H

#include <stddef.h>

struct FdPair {
  int child, parent;
};

// Everything a new program needs, laid out before the clone: nothing is allocated after it.
struct Child {
  const char *file;  // nullptr: fileFd
  int fileFd;
  char *const *argv;
  char *const *envp;
  const FdPair *fds;
  size_t fdCount;
  bool setsid;
  const char *cwd;  // nullptr: stay
  int *scratch;     // fdCount numbers

  const char *failedCall;
  int error;
};

// Runs between clone and execve: only system calls. Returns only when it failed.
void BecomeChild(Child *child);

// Default dispositions and an empty mask, whatever the JavaScript engine had set.
void ResetSignals();

// Marks the descriptors from `first` to `last`.
void CloseOnExec(unsigned first, unsigned last);

#endif
