#include "fuse-options.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "own-id.h"
#include "report.h"

#define COLON "fuse-overlayfs can't be told a path with a colon"
#define ARGUMENT_MAX (128u << 10) /* of one argument, in every kernel: MAX_ARG_STRLEN */

/*
 * Layers are named from the folder that holds them all: so the argument is short enough for hundreds of them, and commas that a data-root
 * may have in its name are not said.
 */
static size_t common_folder(const struct plan *plan) {
  const char *first = plan->lower.at[0];
  size_t length = strlen(first);
  for (size_t i = 0; i < plan->lower.count + 2; i++) {
    const char *path = i < plan->lower.count ? plan->lower.at[i] : i == plan->lower.count ? plan->upper : plan->work;
    if (*path == '\0') continue;
    size_t same = 0;
    while (same < length && path[same] == first[same] && path[same] != '\0') same++;
    length = same;
    while (length > 0 && first[length - 1] != '/') length--;
  }
  return length;
}

struct argument {
  char *text;
  size_t length;
};

static void add(const struct plan *plan, struct argument *argument, const char *text, bool is_path) {
  for (; *text != '\0'; text++) {
    if (is_path && *text == ':') fail("rootfs", EINVAL, plan->merged, COLON, "fuse-overlayfs");
    if (argument->length + 3 > ARGUMENT_MAX) fail("rootfs", E2BIG, plan->merged, "too many layers", "fuse-overlayfs");
    if (is_path && (*text == ',' || *text == '\\')) argument->text[argument->length++] = '\\';
    argument->text[argument->length++] = *text;
  }
}

const char *fuse_options(const struct plan *plan, char folder[PATH_MAX]) {
  /* It cuts the upper directory at colons after it has made the path absolute. */
  if (strchr(plan->upper, ':') != NULL) fail("rootfs", EINVAL, plan->upper, COLON, "fuse-overlayfs");
  size_t length = common_folder(plan);
  if (length == 0 || length >= PATH_MAX) fail("rootfs", EINVAL, plan->merged, "layers need absolute paths", "fuse-overlayfs");
  memcpy(folder, plan->lower.at[0], length), folder[length] = '\0';
  struct argument argument = {.text = mmap(NULL, ARGUMENT_MAX, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)};
  if (argument.text == MAP_FAILED) fail("rootfs", errno, plan->merged, "", "mmap()");
  for (size_t i = 0; i < plan->lower.count; i++) {
    add(plan, &argument, i == 0 ? "lowerdir=" : ":", false);
    add(plan, &argument, plan->lower.at[i] + length, true);
  }
  if (*plan->upper != '\0') {
    add(plan, &argument, ",upperdir=", false), add(plan, &argument, plan->upper + length, true);
    add(plan, &argument, ",workdir=", false), add(plan, &argument, plan->work + length, true);
  }
  if (*plan->rootfs_options != '\0') add(plan, &argument, ",", false), add(plan, &argument, plan->rootfs_options, false);
  /* What it takes by itself where it is root: others may look in as well, and setuid programs work. */
  if (own_id(&plan->uid_maps, plan->own_uid) != NULL) add(plan, &argument, ",allow_other,suid", false);
  return argument.text;
}
