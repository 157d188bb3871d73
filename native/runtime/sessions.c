#include "sessions.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proc.h"

/* How often what is new is looked for, should it multiply. */
#define ROUNDS 16

struct entry {
  pid_t pid, parent, session;
  bool member;
};

static bool read_entry(int proc, const char *name, struct entry *entry) {
  char path[32], text[1024], state;
  if ((size_t)snprintf(path, sizeof path, "%.16s/stat", name) >= sizeof path || proc_read(proc, path, text, sizeof text) < 0) return false;
  const char *rest = strrchr(text, ')');
  entry->pid = atoi(name);
  entry->member = false;
  return rest != NULL && sscanf(rest + 1, " %c %d %*d %d", &state, &entry->parent, &entry->session) == 3 && state != 'Z' && state != 'X';
}

static struct entry *list(size_t *count) {
  DIR *folder = opendir("/proc");
  struct entry *entries = NULL;
  size_t room = 0;
  *count = 0;
  if (folder == NULL) return NULL;
  for (struct dirent *found; (found = readdir(folder)) != NULL;) {
    if (found->d_name[0] < '1' || found->d_name[0] > '9') continue;
    if (*count == room) {
      struct entry *larger = reallocarray(entries, room = room * 2 + 256, sizeof *entries);
      if (larger == NULL) break;
      entries = larger;
    }
    if (read_entry(dirfd(folder), found->d_name, &entries[*count])) (*count)++;
  }
  closedir(folder);
  return entries;
}

static bool belongs(const struct entry *entry, pid_t root, const struct entry *entries, size_t count) {
  if (entry->parent == root) return true;
  for (size_t i = 0; i < count; i++) {
    /* The leader itself may be gone: its number stays the session's. */
    if (entries[i].member && (entry->parent == entries[i].pid || entry->session == entries[i].session)) return true;
  }
  return false;
}

static void find_members(pid_t root, pid_t own_session, struct entry *entries, size_t count) {
  for (bool found = true; found;) {
    found = false;
    for (size_t i = 0; i < count; i++) {
      if (entries[i].member || entries[i].pid == root || entries[i].session == own_session || !belongs(&entries[i], root, entries, count)) continue;
      entries[i].member = found = true;
    }
  }
}

/* Stopped first, and only then killed: a parent that dies early leaves children whose origin nobody sees. */
void sessions_kill(pid_t root) {
  pid_t known = 0;
  for (int round = 0; round < ROUNDS; round++) {
    size_t count, members = 0;
    struct entry *entries = list(&count);
    find_members(root, getsid(0), entries, count);
    for (size_t i = 0; i < count; i++) members += entries[i].member;
    bool settled = (pid_t)members == known || round == ROUNDS - 1;
    known = (pid_t)members;
    for (size_t i = 0; i < count; i++) {
      if (entries[i].member) kill(entries[i].pid, settled ? SIGKILL : SIGSTOP);
    }
    free(entries);
    if (settled) return;
  }
}
