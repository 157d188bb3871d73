#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * The `lichen` of the standalone build. It starts libexec/lichen/lichen, the compiled JavaScript, without a just-in-time compiler: that one
 * is ready when a short command is over, and costs it a quarter of its time (docs/adr/0011). The engine takes this setting from the environment alone.
 * Only `build` goes over files by the ten thousand in JavaScript, and has the compiler.
 */

enum { FAILED = 125 };
static const char *const places[] = {"libexec/lichen/lichen", "../libexec/lichen/lichen"};

static void start(char *path, char **argv) {
  execv(path, argv);
  if (errno == ENOENT || errno == ENOTDIR) return;
  fprintf(stderr, "Error: %s can't be started: %s\n", path, strerror(errno));
  exit(FAILED);
}

/* The first word that is no option, nor the value of one in front of the verb. */
static const char *verb_of(char **argv) {
  static const char *const valued[] = {"--root", "--storage-driver", "--log-level", "-l"};
  for (size_t at = 1; argv[at] != NULL; at++) {
    if (*argv[at] != '-') return argv[at];
    for (size_t i = 0; i < sizeof valued / sizeof *valued && argv[at + 1] != NULL; i++) {
      if (strcmp(argv[at], valued[i]) != 0) continue;
      at++;
      break;
    }
  }
  return "";
}

static bool works_long(const char *verb) { return strcmp(verb, "build") == 0 || strcmp(verb, "buildx") == 0; }

int main(int argc, char **argv) {
  (void)argc;
  static char self[4096], path[4096 + 64];
  ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
  char *slash = length > 0 ? strrchr(self, '/') : NULL;
  if (slash == NULL) {
    fprintf(stderr, "Error: lichen can't find itself: /proc is not there\nhint: mount -t proc proc /proc\n");
    return FAILED;
  }
  *slash = '\0';
  if (!works_long(verb_of(argv))) setenv("BUN_JSC_useJIT", "0", 1);
  const char *folder = getenv("LICHEN_LIBEXEC");
  if (folder != NULL) {
    snprintf(path, sizeof path, "%.4095s/lichen", folder);
    start(path, argv);
  }
  for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
    snprintf(path, sizeof path, "%s/%s", self, places[i]);
    start(path, argv);
  }
  fprintf(stderr, "Error: lichen is not complete: there is no %s in %s\nhint: its folder libexec belongs beside it, or in the folder above\n", places[0], self);
  return FAILED;
}
