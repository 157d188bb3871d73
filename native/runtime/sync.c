#include "sync.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "records.h"
#include "report.h"

static void send_packet(int socket, const char *record, size_t length, int fd, const char *stage) {
  char control[CMSG_SPACE(sizeof(int))] = {0};
  struct iovec bytes = {.iov_base = (void *)record, .iov_len = length};
  struct msghdr message = {.msg_iov = &bytes, .msg_iovlen = 1};
  if (fd >= 0) {
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(sizeof fd);
    memcpy(CMSG_DATA(head), &fd, sizeof fd);
  }
  ssize_t sent;
  do sent = sendmsg(socket, &message, MSG_NOSIGNAL);
  while (sent < 0 && errno == EINTR);
  if (sent < 0) fail(stage, errno, "", "", "sendmsg(sync)");
}

void sync_send(int socket, uint32_t tag, int fd, const char *stage) {
  char record[8];
  struct writer writer;
  record_begin(&writer, record, sizeof record, tag);
  send_packet(socket, record, record_end(&writer), fd, stage);
}

void sync_send_number(int socket, uint32_t tag, uint64_t number, int fd) {
  char record[16];
  struct writer writer;
  record_begin(&writer, record, sizeof record, tag);
  record_u(&writer, number);
  send_packet(socket, record, record_end(&writer), fd, "namespace");
}

void sync_wait(int socket, enum sync_down wanted) {
  char bytes[8];
  ssize_t count;
  do count = recv(socket, bytes, sizeof bytes, 0);
  while (count < 0 && errno == EINTR);
  struct records records = {.at = bytes, .end = bytes + (count > 0 ? count : 0)};
  struct record record;
  if (!records_next(&records, &record) || record.tag != (uint32_t)wanted) _exit(125);
}
