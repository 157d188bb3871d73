#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "content.h"
#include "entry.h"
#include "operations.h"
#include "records.h"
#include "report.h"

#define INPUT_SIZE (1u << 20)
#define RECORD_MAX (256u << 10)
#define XATTRS_MAX 256

/* What has been read from stdin and not been used yet. */
struct input {
  char *at, *end;
  char buffer[INPUT_SIZE];
};

static _Noreturn void bad_input(const char *why) { fail("apply", 0, "", why, "%s", ""); }

static void fill(struct input *input) {
  ssize_t count;
  do count = read(STDIN_FILENO, input->end, (size_t)(input->buffer + INPUT_SIZE - input->end));
  while (count < 0 && errno == EINTR);
  if (count < 0) fail("apply", errno, "", "", "read(stdin)");
  if (count == 0) bad_input("the stream of entries was cut off");
  input->end += count;
}

/* Bytes that lie in one piece; they are good until the next call. */
static const char *take(struct input *input, size_t size) {
  if ((size_t)(input->end - input->at) < size && (size_t)(input->buffer + INPUT_SIZE - input->at) < size) {
    memmove(input->buffer, input->at, (size_t)(input->end - input->at));
    input->end -= input->at - input->buffer;
    input->at = input->buffer;
  }
  while ((size_t)(input->end - input->at) < size) fill(input);
  const char *taken = input->at;
  input->at += size;
  return taken;
}

/* What there is, at most `most` bytes. */
static size_t take_some(struct input *input, size_t most, const char **bytes) {
  if (input->at == input->end) {
    input->at = input->end = input->buffer;
    fill(input);
  }
  size_t there = (size_t)(input->end - input->at), count = there < most ? there : most;
  *bytes = input->at;
  input->at += count;
  return count;
}

static void *copy(const void *bytes, size_t length) {
  void *copied = malloc(length + 1);
  if (copied == NULL) bad_input("out of memory");
  memcpy(copied, bytes, length);
  return copied;
}

struct xattrs {
  size_t count;
  struct xattr at[XATTRS_MAX];
};

static void read_xattr(struct fields *fields, struct xattrs *xattrs) {
  if (xattrs->count == XATTRS_MAX) bad_input("an entry has too many extended attributes");
  struct xattr *xattr = &xattrs->at[xattrs->count++];
  const char *name = field_s(fields);
  xattr->name = copy(name, strlen(name) + 1);
  const void *value = field_b(fields, &xattr->length);
  xattr->value = copy(value, xattr->length);
}

static void forget_xattrs(struct xattrs *xattrs) {
  for (size_t i = 0; i < xattrs->count; i++) {
    free(xattrs->at[i].name);
    free(xattrs->at[i].value);
  }
  xattrs->count = 0;
}

static void read_entry(struct fields *fields, struct entry *entry) {
  entry->type = field_u(fields);
  entry->path = field_s(fields);
  entry->link = field_s(fields);
  entry->mode = (mode_t)(field_u(fields) & 07777);
  entry->uid = field_u(fields);
  entry->gid = field_u(fields);
  entry->mtime.tv_sec = (time_t)field_u(fields);
  entry->mtime.tv_nsec = (long)field_u(fields);
  entry->size = field_u(fields);
  entry->major = field_u(fields);
  entry->minor = field_u(fields);
}

/* The content follows the record, which is overwritten by it: the paths are kept. */
static void write_file(struct layer *layer, struct input *input, const struct entry *from) {
  char path[PATH_MAX];
  if (snprintf(path, sizeof path, "%s", from->path) >= (int)sizeof path) fail("apply", ENAMETOOLONG, "", "", "open(%.60s...)", from->path);
  struct entry entry = *from;
  entry.path = path;
  int fd = entry_begin_file(layer, &entry);
  struct content content = {.fd = fd, .size = entry.size};
  for (uint64_t left = entry.size; left > 0;) {
    const char *bytes;
    size_t count = take_some(input, left > SIZE_MAX ? SIZE_MAX : (size_t)left, &bytes);
    if (content_write(&content, bytes, count) < 0) entry_failed(&entry, "write()");
    left -= count;
  }
  if (content_end(&content) < 0) entry_failed(&entry, "ftruncate()");
  take(input, (size_t)(-entry.size & 7));
  entry_finish_file(layer, &entry, fd);
}

/* False at the end. */
static bool apply_record(struct layer *layer, struct input *input, struct xattrs *xattrs, struct totals *totals) {
  uint32_t head[2];
  memcpy(head, take(input, sizeof head), sizeof head);
  if (head[1] > RECORD_MAX) bad_input("a record is too long");
  const char *payload = take(input, (head[1] + 7u) & ~7u);
  struct fields fields = {.at = payload, .end = payload + head[1]};
  if (head[0] == APPLY_END) return false;
  if (head[0] == APPLY_XATTR) {
    read_xattr(&fields, xattrs);
    if (fields.broken) bad_input("a record is broken");
    return true;
  }
  if (head[0] != APPLY_ENTRY) bad_input("unknown record: launcher and runtime are of different builds");
  struct entry entry = {.xattrs = xattrs->at, .xattr_count = xattrs->count};
  read_entry(&fields, &entry);
  if (fields.broken || fields.at != fields.end) bad_input("a record is broken");
  totals->entries++;
  if (entry.type == ENTRY_FILE) {
    totals->bytes += entry.size;
    write_file(layer, input, &entry);
  } else {
    entry_make(layer, &entry);
  }
  forget_xattrs(xattrs);
  return true;
}

static void tell_loss(const struct loss *loss, const char *what, const char *why) {
  if (loss->count == 0) return;
  char words[160];
  if (loss->count == 1) snprintf(words, sizeof words, "this %s was left out: %s", what, why);
  else snprintf(words, sizeof words, "this and %llu other %ss were left out: %s", (unsigned long long)loss->count - 1, what, why);
  warn_of("apply", 0, loss->first, words, "%s", "");
}

struct totals op_apply(const struct plan *plan, const int *paths) {
  struct layer layer = {
      .plan = plan,
      .root = paths[0],
      .single_id = plan->uid_maps.count == 1 && plan->uid_maps.at[0].size == 1,
      .parent.fd = -1,
  };
  static struct input input;
  input.at = input.end = input.buffer;
  struct xattrs xattrs = {.count = 0};
  struct totals totals = {0};
  fcntl(STDIN_FILENO, F_SETPIPE_SZ, INPUT_SIZE); /* fewer turns between the two */
  /* A default ACL of a folder above would be handed down to every file. */
  if (fremovexattr(layer.root, "system.posix_acl_default") < 0 && errno != ENODATA && errno != EOPNOTSUPP) {
    fail("apply", errno, "", "", "fremovexattr(system.posix_acl_default)");
  }
  while (apply_record(&layer, &input, &xattrs, &totals));
  /* The layer is about to be renamed into place, where it must be whole after a power cut too. */
  entry_finish_layer(&layer);
  tell_loss(&layer.devices, "device file", "only root can make it");
  tell_loss(&layer.xattrs, "extended attribute", "the kernel or the file system does not let you set it");
  return totals;
}
