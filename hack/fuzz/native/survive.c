#include "survive.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BLOCKS_MAX (1u << 20)

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *at, size_t size);
void __real_free(void *at);

static void *blocks[BLOCKS_MAX];
static size_t count;
static bool inside;
static int first_fd;
static jmp_buf back;
void (*survive_before_death)(void);

static void *note(void *at) {
  if (!inside || at == NULL) return at;
  must(count < BLOCKS_MAX, "no more than a million blocks of memory at once");
  return blocks[count++] = at;
}

/* What is freed was mostly allocated last. */
static void strike(const void *at) {
  for (size_t i = count; inside && at != NULL && i > 0; i--) {
    if (blocks[i - 1] != at) continue;
    blocks[i - 1] = blocks[--count];
    return;
  }
}

void *__wrap_malloc(size_t size);
void *__wrap_malloc(size_t size) { return note(__real_malloc(size)); }

void *__wrap_calloc(size_t number, size_t size);
void *__wrap_calloc(size_t number, size_t size) { return note(__real_calloc(number, size)); }

void *__wrap_realloc(void *at, size_t size);
void *__wrap_realloc(void *at, size_t size) {
  void *larger = __real_realloc(at, size);
  if (larger == NULL) return NULL;
  strike(at);
  return note(larger);
}

void *__wrap_reallocarray(void *at, size_t number, size_t size);
void *__wrap_reallocarray(void *at, size_t number, size_t size) {
  size_t whole;
  return __builtin_mul_overflow(number, size, &whole) ? NULL : __wrap_realloc(at, whole);
}

char *__wrap_strdup(const char *text);
char *__wrap_strdup(const char *text) {
  size_t size = strlen(text) + 1;
  char *copy = __wrap_malloc(size);
  return copy == NULL ? NULL : memcpy(copy, text, size);
}

void __wrap_free(void *at);
void __wrap_free(void *at) {
  strike(at);
  __real_free(at);
}

/* The arguments are looked at, as the real one would. */
_Noreturn void __wrap_fail(const char *stage, int error, const char *subject, const char *detail, const char *call, ...);
_Noreturn void __wrap_fail(const char *stage, int error, const char *subject, const char *detail, const char *call, ...) {
  (void)error;
  must(strlen(stage) < 32 && strlen(call) < 1024 && strlen(subject) + strlen(detail) < (64u << 20), "a failure has a stage, a call, a subject and a detail");
  longjmp(back, 1);
}

void __wrap_warn_of(const char *stage, int error, const char *subject, const char *detail, const char *call, ...);
void __wrap_warn_of(const char *stage, int error, const char *subject, const char *detail, const char *call, ...) {
  (void)error, (void)call;
  must(strlen(stage) < 32 && strlen(subject) + strlen(detail) < (64u << 20), "a warning has a stage, a subject and a detail");
}

/* Gaps are filled: what is opened from here on has a higher number than all that is open now. libFuzzer opens a file before its first input. */
static void begin(void) {
  int last = 0;
  for (int fd = 0; fd < 1024; fd++) {
    if (fcntl(fd, F_GETFD) >= 0) last = fd;
  }
  do first_fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0) + 1;
  while (first_fd > 0 && first_fd <= last);
  must(first_fd > 0, "a descriptor can be had");
}

bool survive(void (*work)(void *argument), void *argument) {
  volatile bool ended = false;
  if (first_fd == 0) begin();
  count = 0;
  inside = true;
  if (setjmp(back) == 0) {
    work(argument);
    ended = true;
  }
  inside = false;
  for (size_t i = 0; i < count; i++) __real_free(blocks[i]);
  close_range((unsigned)first_fd, ~0u, 0);
  return ended;
}

static void before_death(void) {
  if (survive_before_death != NULL) survive_before_death();
}

/* Of the sanitizers. */
void __asan_on_error(void);
void __asan_on_error(void) { before_death(); }

void __ubsan_on_report(void);
void __ubsan_on_report(void) { before_death(); }

void must(bool holds, const char *what) {
  if (holds) return;
  before_death();
  fprintf(stderr, "does not hold: %s\n", what);
  abort();
}
