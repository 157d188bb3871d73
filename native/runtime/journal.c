#include "journal.h"

#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "moment.h"
#include "report.h"

static struct sockaddr_un address = {.sun_family = AF_UNIX};
static const char *fixed;
static size_t fixed_length;
static int fd = -1;
static bool lossy;
/* Every entry says which it is, and of which monitor's, as Docker's do: who follows knows the last one when he sees it. */
static char epoch[MOMENT_LENGTH + 1];
static uint64_t ordinal, taken;

void journal_open(const char *path, const char *fields, size_t fields_length) {
  if (strlen(path) >= sizeof address.sun_path) fail("log", ENAMETOOLONG, path, "", "connect(%s)", path);
  strcpy(address.sun_path, path);
  moment_now(epoch);
  fixed = fields;
  fixed_length = fields_length;
  fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) fail("log", errno, "", "", "socket(AF_UNIX, SOCK_DGRAM)");
  /* A journal that takes nothing holds the container up, as a slow reader does, but not our ear for those who want to end it. */
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &(struct timeval){.tv_sec = 1}, sizeof(struct timeval));
  if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0) fail("log", errno, path, "", "connect(%s)", path);
  /* Not connected for good: journald may be started anew, and its socket be another one. */
  connect(fd, &(struct sockaddr){.sa_family = AF_UNSPEC}, sizeof(sa_family_t));
}

static struct iovec part(const char *bytes, size_t length) { return (struct iovec){.iov_base = (void *)bytes, .iov_len = length}; }

void journal_write(bool error_stream, const char *now, const char *bytes, size_t length, bool whole) {
  /* With its length in front: that is how the journal takes any bytes. */
  static const char partial[] = "CONTAINER_PARTIAL_MESSAGE=true\n", name[] = "MESSAGE\n";
  char head[192];
  uint64_t size = htole64(length);
  int head_length = snprintf(head, sizeof head, "PRIORITY=%d\nSYSLOG_TIMESTAMP=%s\nCONTAINER_LOG_EPOCH=%s\nCONTAINER_LOG_ORDINAL=%" PRIu64 "\n",
                             error_stream ? 3 : 6, now, epoch, ++ordinal);
  struct iovec parts[] = {
      part(head, (size_t)head_length), part(fixed, fixed_length), part(partial, whole ? 0 : sizeof partial - 1),
      part(name, sizeof name - 1),     part((const char *)&size, sizeof size), part(bytes, length), part("\n", 1),
  };
  struct msghdr message = {.msg_name = &address, .msg_namelen = sizeof address, .msg_iov = parts, .msg_iovlen = sizeof parts / sizeof *parts};
  ssize_t count;
  do count = sendmsg(fd, &message, MSG_NOSIGNAL);
  while (count < 0 && errno == EINTR);
  if (count < 0 && !lossy) {
    warn_of("log", errno, address.sun_path, "what the container writes is not logged until this is mended", "sendmsg(%s)", address.sun_path);
  }
  if (count >= 0) taken = ordinal;
  lossy = count < 0;
}

const char *journal_epoch(void) { return epoch; }

uint64_t journal_last(void) { return taken; }
