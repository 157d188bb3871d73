#include "pack.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "entry-xattrs.h"
#include "keep.h"
#include "records.h"
#include "report.h"
#include "travel-xattrs.h"

#define OUTPUT_SIZE (1u << 20)
#define HEADER_ROOM (2 * PATH_MAX + 512)
#define SPARSE_MIN (64u << 10)
/* More pieces than fit into one record are sent as one, holes and all. */
#define SEGMENTS_MAX 8192
#define TAR_BLOCK 512u

static char output[OUTPUT_SIZE];
static size_t filled;

_Noreturn void pack_failed(const struct pack *pack, const char *call) { fail("pack", errno, pack->path, "", "%s", call); }

static void flush(void) {
  for (size_t at = 0; at < filled;) {
    ssize_t count = write(STDOUT_FILENO, output + at, filled - at);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail("pack", errno, "", "nobody reads any more", "write(stdout)");
    at += (size_t)count;
  }
  filled = 0;
}

static void room(size_t size) {
  if (OUTPUT_SIZE - filled < size) flush();
}

void pack_open(struct pack *pack, const struct plan *plan) {
  *pack = (struct pack){
      .plan = plan,
      .silent = (plan->op_flags & OP_COUNT) != 0,
      .single_id = plan->uid_maps.count == 1 && plan->uid_maps.at[0].size == 1,
  };
  fcntl(STDOUT_FILENO, F_SETPIPE_SZ, OUTPUT_SIZE);
}

void pack_close(struct pack *pack) {
  if (pack->silent) return;
  struct writer writer;
  room(64);
  record_begin(&writer, output + filled, OUTPUT_SIZE - filled, APPLY_END);
  filled += record_end(&writer);
  flush();
}

size_t pack_enter(struct pack *pack, const char *name) {
  size_t before = pack->path_length, length = strlen(name);
  if (before + length + 2 > sizeof pack->path) fail("pack", ENAMETOOLONG, pack->path, "", "open(%.60s)", name);
  if (before > 0 && length > 0) pack->path[pack->path_length++] = '/';
  memcpy(pack->path + pack->path_length, name, length + 1);
  pack->path_length += length;
  return before;
}

void pack_leave(struct pack *pack, size_t before) { pack->path[pack->path_length = before] = '\0'; }

struct owner {
  uint64_t uid, gid;
};

static struct owner owner_of(const struct pack *pack, int fd, const struct stat *status) {
  struct owner owner = {status->st_uid, status->st_gid};
  if (pack->single_id && fd >= 0) travel_owner(fd, &owner.uid, &owner.gid);
  return owner;
}

static void put_entry(struct pack *pack, int fd, uint64_t type, const char *link, const struct stat *status) {
  struct owner owner = owner_of(pack, fd, status);
  struct writer writer;
  room(HEADER_ROOM);
  record_begin(&writer, output + filled, OUTPUT_SIZE - filled, APPLY_ENTRY);
  record_u(&writer, type);
  record_s(&writer, pack->path, PATH_MAX);
  record_s(&writer, link, PATH_MAX);
  record_u(&writer, status->st_mode & 07777);
  record_u(&writer, owner.uid);
  record_u(&writer, owner.gid);
  record_u(&writer, (uint64_t)status->st_mtim.tv_sec);
  record_u(&writer, (uint64_t)status->st_mtim.tv_nsec);
  record_u(&writer, type == ENTRY_FILE ? (uint64_t)status->st_size : 0);
  bool device = type == ENTRY_CHAR || type == ENTRY_BLOCK;
  record_u(&writer, device ? major(status->st_rdev) : 0);
  record_u(&writer, device ? minor(status->st_rdev) : 0);
  filled += record_end(&writer);
}

static void count_entry(struct pack *pack, uint64_t bytes) {
  pack->totals.entries++;
  pack->totals.bytes += bytes;
  pack->blocks += 1 + (bytes + TAR_BLOCK - 1) / TAR_BLOCK;
}

static void put_xattr(void *sink, const char *name, const void *value, size_t length) {
  (void)sink;
  struct writer writer;
  room(length + 512);
  record_begin(&writer, output + filled, OUTPUT_SIZE - filled, APPLY_XATTR);
  record_s(&writer, name, 256);
  record_b(&writer, value, length);
  filled += record_end(&writer);
}

static void put_xattrs(const struct pack *pack, int fd) {
  if (travel_xattrs(fd, put_xattr, NULL) < 0) pack_failed(pack, "fgetxattr()");
}

struct segment {
  uint64_t offset, length;
};

/* The pieces of a file that has holes; false: it is sent whole. */
static bool find_segments(int fd, const struct stat *status, struct segment *segments, size_t *count) {
  off_t size = status->st_size;
  *count = 0;
  if (size < (off_t)SPARSE_MIN || status->st_blocks >= (size + 511) / 512) return false;
  for (off_t at = 0; at < size;) {
    off_t data = lseek(fd, at, SEEK_DATA);
    if (data < 0) return errno == ENXIO;
    if (data >= size) break;
    off_t hole = *count == SEGMENTS_MAX - 1 ? size : lseek(fd, data, SEEK_HOLE);
    if (hole < 0 || hole > size) hole = size;
    segments[(*count)++] = (struct segment){(uint64_t)data, (uint64_t)(hole - data)};
    at = hole;
  }
  return *count != 1 || segments[0].length != (uint64_t)size;
}

static void put_segments(const struct segment *segments, size_t count) {
  struct writer writer;
  room(count * sizeof *segments + 64);
  record_begin(&writer, output + filled, OUTPUT_SIZE - filled, APPLY_SPARSE);
  record_b(&writer, segments, count * sizeof *segments);
  filled += record_end(&writer);
}

static void put_zeros(uint64_t count) {
  while (count > 0) {
    room(1);
    size_t part = OUTPUT_SIZE - filled < count ? OUTPUT_SIZE - filled : (size_t)count;
    memset(output + filled, 0, part);
    filled += part;
    count -= part;
  }
}

/* Exactly `length` bytes, whatever has become of the file meanwhile. */
static void put_piece(const struct pack *pack, int fd, uint64_t offset, uint64_t length) {
  off_t at = (off_t)offset;
  uint64_t left = length;
  bool splices = length >= OUTPUT_SIZE / 4;
  if (splices) flush();
  while (left > 0) {
    ssize_t count;
    if (splices) {
      count = sendfile(STDOUT_FILENO, fd, &at, left < (1u << 30) ? (size_t)left : 1u << 30);
      if (count < 0 && (errno == EINVAL || errno == ENOSYS)) {
        splices = false;
        continue;
      }
      if (count < 0 && errno == EPIPE) fail("pack", errno, "", "nobody reads any more", "sendfile(stdout)");
    } else {
      room(1);
      size_t space = OUTPUT_SIZE - filled;
      count = pread(fd, output + filled, left < space ? (size_t)left : space, at);
      if (count > 0) filled += (size_t)count, at += count;
    }
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) pack_failed(pack, "read()");
    if (count == 0) return put_zeros(left);
    left -= (uint64_t)count;
  }
}

/* What was seen to be a regular file may be something else by now: then ESTALE. */
static int open_regular(int parent, const char *name, struct stat *status) {
  int fd = openat(parent, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (fd < 0) {
    if (errno == ELOOP || errno == ENXIO) errno = ESTALE;
    return -1;
  }
  if (fstat(fd, status) == 0 && S_ISREG(status->st_mode)) return fd;
  close(fd);
  return errno = ESTALE, -1;
}

static void put_file(struct pack *pack, int fd, const struct stat *status) {
  static struct segment segments[SEGMENTS_MAX];
  size_t count = 0;
  bool sparse = find_segments(fd, status, segments, &count);
  uint64_t sent = sparse ? 0 : (uint64_t)status->st_size;
  for (size_t i = 0; sparse && i < count; i++) sent += segments[i].length;
  put_xattrs(pack, fd);
  if (sparse) put_segments(segments, count);
  put_entry(pack, fd, ENTRY_FILE, "", status);
  if (!sparse) put_piece(pack, fd, 0, (uint64_t)status->st_size);
  for (size_t i = 0; sparse && i < count; i++) put_piece(pack, fd, segments[i].offset, segments[i].length);
  put_zeros(-sent & 7);
}

static bool pack_regular(struct pack *pack, int parent, const char *name) {
  struct stat status;
  int fd = open_regular(parent, name, &status);
  if (fd < 0 && (errno == ENOENT || errno == ESTALE)) return false;
  if (fd < 0) pack_failed(pack, "open()");
  put_file(pack, fd, &status);
  if (pack->durable == NULL) close(fd);
  else if (keep_strip(fd) < 0 || durable_take(pack->durable, fd) < 0) pack_failed(pack, "fremovexattr()");
  return true;
}

void pack_opened(struct pack *pack, int fd, const struct stat *status) {
  put_file(pack, fd, status);
  count_entry(pack, (uint64_t)status->st_size);
  close(fd);
}

/* The first name of a file that has several; NULL: this is it. */
static const char *first_name(struct pack *pack, const struct stat *status) {
  if (status->st_nlink < 2) return NULL;
  const char *first = hard_links_find(&pack->links, status);
  if (first == NULL && hard_links_add(&pack->links, status, pack->path) < 0) pack_failed(pack, "malloc()");
  return first;
}

static uint64_t type_of(mode_t mode) {
  switch (mode & S_IFMT) {
    case S_IFREG: return ENTRY_FILE;
    case S_IFLNK: return ENTRY_SYMLINK;
    case S_IFCHR: return ENTRY_CHAR;
    case S_IFBLK: return ENTRY_BLOCK;
    case S_IFIFO: return ENTRY_FIFO;
    default: return 0;
  }
}

bool pack_file(struct pack *pack, int parent, const char *name, const struct stat *status) {
  uint64_t type = type_of(status->st_mode);
  if (type == 0) return false;
  const char *first = first_name(pack, status);
  if (first != NULL) {
    if (!pack->silent) put_entry(pack, -1, ENTRY_HARDLINK, first, status);
    count_entry(pack, 0);
    return true;
  }
  if (!pack->silent && type == ENTRY_FILE) {
    if (!pack_regular(pack, parent, name)) return false;
  } else if (!pack->silent && type == ENTRY_SYMLINK) {
    char text[PATH_MAX];
    ssize_t length = readlinkat(parent, name, text, sizeof text - 1);
    if (length < 0 && (errno == ENOENT || errno == EINVAL)) return false;
    if (length < 0) pack_failed(pack, "readlink()");
    text[length] = '\0';
    put_entry(pack, -1, type, text, status);
  } else if (!pack->silent) {
    put_entry(pack, -1, type, "", status);
  }
  count_entry(pack, type == ENTRY_FILE ? (uint64_t)status->st_size : 0);
  return true;
}

void pack_directory(struct pack *pack, int fd, const struct stat *status) {
  if (!pack->silent) {
    put_xattrs(pack, fd);
    put_entry(pack, fd, ENTRY_DIRECTORY, "", status);
  }
  count_entry(pack, 0);
}

void pack_mark(struct pack *pack, uint64_t type) {
  static const struct stat nothing;
  if (!pack->silent) put_entry(pack, -1, type, "", &nothing);
  count_entry(pack, 0);
}

void pack_change(struct pack *pack, uint64_t kind) {
  struct writer writer;
  room(HEADER_ROOM);
  record_begin(&writer, output + filled, OUTPUT_SIZE - filled, APPLY_CHANGE);
  record_u(&writer, kind);
  record_s(&writer, pack->path, PATH_MAX);
  filled += record_end(&writer);
  pack->totals.entries++;
}
