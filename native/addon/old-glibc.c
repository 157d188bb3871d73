/*
 * The release is built on a machine of today and runs with the glibc of RHEL 8, 2.28. What this addon, and libstdc++, libgcc and libseccomp within
 * it, would have of a later one is made here of what is older. Nothing of this is needed where lichen is built for its own machine, and it does no harm there.
 * hack/release looks whether anything has been forgotten.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define HIDDEN __attribute__((visibility("hidden")))

#if defined __GLIBC__ && defined __x86_64__
#define OLDEST "GLIBC_2.2.5"
#elif defined __GLIBC__ && defined __aarch64__
#define OLDEST "GLIBC_2.17"
#endif

/*
 * Threads have moved from libpthread to libc, under a new version; the old one is there still. The linker (--wrap in binding.gyp) sends calls of the
 * plain name here.
 */
#ifdef OLDEST
#define CALLS(name) __asm__(".symver __old_" #name "," #name "@" OLDEST)
#define NEXT(name) __old_##name
#else
#define CALLS(name) _Static_assert(1, "")
#define NEXT(name) __real_##name
#endif

#define WRAP(type, name, parameters, arguments)      \
  CALLS(name);                                       \
  extern type NEXT(name) parameters;                 \
  HIDDEN type __wrap_##name parameters;              \
  HIDDEN type __wrap_##name parameters { return NEXT(name) arguments; }

WRAP(int, pthread_create, (pthread_t *thread, const pthread_attr_t *attributes, void *(*work)(void *), void *argument), (thread, attributes, work, argument))
WRAP(int, pthread_join, (pthread_t thread, void **result), (thread, result))
WRAP(int, pthread_detach, (pthread_t thread), (thread))
WRAP(int, pthread_once, (pthread_once_t *once, void (*work)(void)), (once, work))
WRAP(int, pthread_sigmask, (int how, const sigset_t *set, sigset_t *old), (how, set, old))
#ifdef __GLIBC__
WRAP(int, __pthread_key_create, (pthread_key_t *key, void (*destroy)(void *)), (key, destroy))
#endif

#ifdef OLDEST
/* 2.33; before, headers made another call of it. */
HIDDEN int fstatat64(int directory, const char *path, struct stat64 *status, int flags) { return (int)syscall(SYS_newfstatat, directory, path, status, flags); }
HIDDEN int fstat64(int fd, struct stat64 *status) { return (int)syscall(SYS_newfstatat, fd, "", status, AT_EMPTY_PATH); }

/* 2.32: true lets libstdc++ count references without a lock. */
HIDDEN char __libc_single_threaded;

/* 2.36 */
HIDDEN uint32_t arc4random(void);
HIDDEN uint32_t arc4random(void) {
  uint32_t number;
  while (getrandom(&number, sizeof number, 0) != (ssize_t)sizeof number) continue;
  return number;
}
#endif

/* 2.35: where the unwinder of exceptions finds the tables of the code at an address. It has no other way when it was built to have this one. */
#if defined OLDEST && defined DLFO_STRUCT_HAS_EH_DBASE
struct search {
  uintptr_t address;
  struct dl_find_object *result;
};

static int look(struct dl_phdr_info *object, size_t size, void *argument) {
  (void)size;
  struct search *search = argument;
  void *tables = NULL;
  bool found = false;
  for (size_t i = 0; i < object->dlpi_phnum; i++) {
    const ElfW(Phdr) *part = &object->dlpi_phdr[i];
    uintptr_t start = object->dlpi_addr + part->p_vaddr;
    if (part->p_type == PT_GNU_EH_FRAME) tables = (void *)start;
    if (part->p_type == PT_LOAD && search->address >= start && search->address - start < part->p_memsz) found = true;
  }
  if (!found || tables == NULL) return 0;
  search->result->dlfo_eh_frame = tables;
  return 1;
}

HIDDEN int _dl_find_object(void *address, struct dl_find_object *result) {
  struct search search = {(uintptr_t)address, result};
  *result = (struct dl_find_object){0};
  return dl_iterate_phdr(look, &search) == 1 ? 0 : -1;
}
#endif
