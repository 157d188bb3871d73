#include "hard-links.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Where the file is, or would be put. */
static struct hard_link *slot(const struct hard_links *links, dev_t device, ino_t inode) {
  size_t at = (size_t)((uint64_t)inode * 0x9e3779b97f4a7c15u >> 20);
  for (;; at++) {
    struct hard_link *link = &links->at[at & (links->room - 1)];
    if (link->path == NULL || (link->inode == inode && link->device == device)) return link;
  }
}

const char *hard_links_find(const struct hard_links *links, const struct stat *status) {
  return links->room == 0 ? NULL : slot(links, status->st_dev, status->st_ino)->path;
}

static int grow(struct hard_links *links) {
  struct hard_links larger = {.count = links->count, .room = links->room == 0 ? 64 : links->room * 2};
  larger.at = calloc(larger.room, sizeof *larger.at);
  if (larger.at == NULL) return -1;
  for (size_t i = 0; i < links->room; i++) {
    if (links->at[i].path != NULL) *slot(&larger, links->at[i].device, links->at[i].inode) = links->at[i];
  }
  free(links->at);
  *links = larger;
  return 0;
}

int hard_links_add(struct hard_links *links, const struct stat *status, const char *path) {
  if (links->count * 2 >= links->room && grow(links) < 0) return -1;
  struct hard_link *link = slot(links, status->st_dev, status->st_ino);
  char *copied = strdup(path);
  if (copied == NULL) return -1;
  *link = (struct hard_link){.device = status->st_dev, .inode = status->st_ino, .path = copied};
  links->count++;
  return 0;
}

void hard_links_forget(struct hard_links *links) {
  for (size_t i = 0; i < links->room; i++) free(links->at[i].path);
  free(links->at);
  *links = (struct hard_links){0};
}
