#include "sync.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void send_packet(int socket, const char *record, size_t length, const int *fds, size_t count, const char *stage) {
  char control[CMSG_SPACE(2 * sizeof(int))] = {0};
  struct iovec bytes = {.iov_base = (void *)record, .iov_len = length};
  struct msghdr message = {.msg_iov = &bytes, .msg_iovlen = 1};
  if (count > 0) {
    message.msg_control = control;
    message.msg_controllen = CMSG_SPACE(count * sizeof *fds);
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(count * sizeof *fds);
    memcpy(CMSG_DATA(head), fds, count * sizeof *fds);
  }
  ssize_t sent;
  do sent = sendmsg(socket, &message, MSG_NOSIGNAL);
  while (sent < 0 && errno == EINTR);
  /* To one that has just ended: what it said last, or that it said nothing, is read next. */
  if (sent < 0 && errno != EPIPE && errno != ECONNRESET) fail(stage, errno, "", "", "sendmsg(sync)");
}

void sync_send(int socket, uint32_t tag, int fd, const char *stage) {
  char record[8];
  struct writer writer;
  record_begin(&writer, record, sizeof record, tag);
  send_packet(socket, record, record_end(&writer), &fd, fd < 0 ? 0 : 1, stage);
}

void sync_send_pair(int socket, uint32_t tag, const int fds[2], const char *stage) {
  char record[8];
  struct writer writer;
  record_begin(&writer, record, sizeof record, tag);
  send_packet(socket, record, record_end(&writer), fds, 2, stage);
}

void sync_send_number(int socket, uint32_t tag, uint64_t number, int fd) {
  char record[16];
  struct writer writer;
  record_begin(&writer, record, sizeof record, tag);
  record_u(&writer, number);
  send_packet(socket, record, record_end(&writer), &fd, fd < 0 ? 0 : 1, "namespace");
}

bool sync_receive(int socket, struct sync_packet *packet) {
  char control[CMSG_SPACE(2 * sizeof(int))];
  struct iovec bytes = {.iov_base = packet->bytes, .iov_len = sizeof packet->bytes};
  struct msghdr message = {.msg_iov = &bytes, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  ssize_t count;
  /* ECONNRESET: it ended with a word of ours unread. The kernel says that once, and before what the process said itself. */
  do count = recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  while (count < 0 && (errno == EINTR || errno == ECONNRESET));
  if (count < 0 && errno == EAGAIN) return false;
  packet->length = count < 0 ? 0 : (size_t)count;
  packet->fds[0] = packet->fds[1] = -1;
  struct cmsghdr *head = count < 0 ? NULL : CMSG_FIRSTHDR(&message);
  if (head != NULL && head->cmsg_type == SCM_RIGHTS) memcpy(packet->fds, CMSG_DATA(head), head->cmsg_len - CMSG_LEN(0));
  struct records records = {.at = packet->bytes, .end = packet->bytes + packet->length};
  if (packet->length > 0 && !records_next(&records, &packet->record)) fail("namespace", EPROTO, "", "", "recvmsg(sync)");
  return true;
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
