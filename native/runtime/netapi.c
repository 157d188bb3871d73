#include "netapi.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "report.h"

#define ATTEMPTS 500

static const char *path;
static int *ids;
static size_t count;

/* The socket is there before the helper says that it is ready, except in versions before 0.4, which make it a moment later. */
static int connect_to(int attempts, int seconds) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  struct timeval limit = {.tv_sec = seconds};
  if (strlen(path) >= sizeof address.sun_path) {
    errno = ENAMETOOLONG;
    return -1;
  }
  strcpy(address.sun_path, path);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  while (connect(fd, (struct sockaddr *)&address, sizeof address) < 0) {
    if ((errno == ENOENT || errno == ECONNREFUSED) && --attempts > 0) {
      poll(NULL, 0, 2);
      continue;
    }
    int error = errno;
    close(fd);
    errno = error;
    return -1;
  }
  return fd;
}

/* -1 and errno where there is no answer. Closes `fd`. */
static int ask(int fd, const char *request, char *answer, size_t size) {
  if (fd < 0) return -1;
  size_t length = 0;
  /* It reads once. */
  ssize_t got = send(fd, request, strlen(request), MSG_NOSIGNAL);
  while (got > 0 && length < size - 1) {
    got = recv(fd, answer + length, size - 1 - length, 0);
    if (got > 0) length += (size_t)got;
  }
  int error = errno;
  answer[length] = '\0';
  close(fd);
  errno = error;
  return got < 0 ? -1 : 0;
}

void netapi_ask(const struct plan *plan) {
  path = plan->net_api_socket;
  if (path == NULL) return;
  free(ids), count = 0;
  ids = calloc(plan->net_requests.count + 1, sizeof *ids);
  if (ids == NULL) fail("port", ENOMEM, path, "", "calloc(%zu)", plan->net_requests.count);
  for (size_t i = 0; i < plan->net_requests.count; i++) {
    const char *request = plan->net_requests.at[i];
    char answer[2048];
    if (ask(connect_to(ATTEMPTS, 10), request, answer, sizeof answer) < 0) fail("port", errno, request, "", "connect(%s)", path);
    if (answer[0] == '\0' || strstr(answer, "\"error\"") != NULL) fail("port", 0, request, answer, "request to %s", path);
    const char *id = strstr(answer, "\"id\":");
    if (id != NULL) ids[count++] = atoi(id + strlen("\"id\":"));
  }
}

void netapi_take_back(void) {
  if (path == NULL) return;
  for (size_t i = 0; i < count; i++) {
    char request[96], answer[256];
    snprintf(request, sizeof request, "{\"execute\":\"remove_hostfwd\",\"arguments\":{\"id\":%d}}", ids[i]);
    if (ask(connect_to(1, 1), request, answer, sizeof answer) < 0) break;
  }
  unlink(path);
}
