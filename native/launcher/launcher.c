#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * The `lichen` of the standalone build. It starts libexec/lichen/lichen, the compiled JavaScript, without a just-in-time compiler: that one
 * is ready when a short command is over, and costs it a quarter of its time (docs/adr/0011). The engine takes this setting from the environment alone.
 */

enum { FAILED = 125 };
static const char *const places[] = {"libexec/lichen/lichen", "../libexec/lichen/lichen"};

static void start(char *path, char **argv) {
  execv(path, argv);
  if (errno == ENOENT || errno == ENOTDIR) return;
  fprintf(stderr, "Error: %s can't be started: %s\n", path, strerror(errno));
  exit(FAILED);
}

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
  setenv("BUN_JSC_useJIT", "0", 1);
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
