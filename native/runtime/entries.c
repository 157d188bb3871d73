#include "entries.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "content.h"
#include "lines.h"
#include "report.h"
#include "resolve.h"

/* name:x:id:... */
static void name_and_id(const char *line, size_t *name, const char **id, size_t *id_length) {
  *name = strcspn(line, ":");
  const char *second = line[*name] == ':' ? line + *name + 1 : "";
  const char *third = strchr(second, ':');
  *id = third == NULL ? "" : third + 1;
  *id_length = strcspn(*id, ":");
}

static bool is_known(int root, const struct setting *entry, bool *ends_in_newline, off_t size) {
  size_t name, id_length, other_name, other_id_length;
  const char *id, *other_id;
  name_and_id(entry->value, &name, &id, &id_length);
  struct lines lines;
  bool known = false;
  off_t read = 0;
  lines_open(&lines, root, entry->key);
  for (char *line; !known && (line = lines_next(&lines)) != NULL;) {
    read += (off_t)strlen(line) + 1;
    name_and_id(line, &other_name, &other_id, &other_id_length);
    known = (name == other_name && memcmp(entry->value, line, name) == 0) ||
            (id_length > 0 && id_length == other_id_length && memcmp(id, other_id, id_length) == 0);
  }
  lines_close(&lines);
  *ends_in_newline = read == size;
  return known;
}

static int write_all(int fd, const char *text, size_t length) {
  while (length > 0) {
    ssize_t count = write(fd, text, length);
    if (count < 0) return -1;
    text += count, length -= (size_t)count;
  }
  return 0;
}

/* The new file takes the old one's place at once: a start that is killed here leaves the one or the other. */
static void add(const struct setting *entry, int root) {
  static const char draft[] = ".lichen-entries";
  char name[NAME_MAX + 1];
  struct stat status;
  int fd = resolve(root, entry->key, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  if (fd < 0) return;
  bool newline, plain = fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && status.st_nlink == 1 && status.st_size <= LINES_FILE_MAX;
  int folder = plain ? resolve_parent(root, entry->key, false, name) : -1;
  if (folder < 0 || is_known(root, entry, &newline, status.st_size)) {
    if (folder >= 0) close(folder);
    close(fd);
    return;
  }
  (void)!unlinkat(folder, draft, 0);
  int to = openat(folder, draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (to < 0 || content_copy(fd, to, status.st_size, status.st_blocks) < 0 || lseek(to, 0, SEEK_END) < 0 ||
      (!newline && write_all(to, "\n", 1) < 0) || write_all(to, entry->value, strlen(entry->value)) < 0 || write_all(to, "\n", 1) < 0 ||
      (fchown(to, status.st_uid, status.st_gid) < 0 && errno != EPERM && errno != EINVAL) || fchmod(to, status.st_mode & 07777) < 0 ||
      renameat(folder, draft, folder, name) < 0) {
    fail("user", errno, entry->key, "the user could not be added", "write(%s)", entry->key);
  }
  close(to), close(folder), close(fd);
}

void entries_add(const struct plan *plan, int root) {
  for (size_t i = 0; i < plan->entries.count; i++) add(&plan->entries.at[i], root);
}
