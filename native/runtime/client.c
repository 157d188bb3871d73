#include "client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clients.h"
#include "health.h"
#include "streams.h"

#define HEAD sizeof(uint32_t[2])

void client_drop(struct client *client) {
  if (client->watch.fd < 0) return;
  if (client->stdin_is_mine) streams_stdin_end();
  loop_close(&client->watch);
  free(client->rest);
  free(client->out);
  client->rest = client->out = NULL;
  client->rest_length = client->out_length = 0;
}

/* What a frame of this type must hold; -1: no such frame comes from a client. */
static int64_t right_length(const struct client *client) {
  switch (client->head[0]) {
    case FRAME_HELLO: return 4;
    case FRAME_STDIN: return client->head[1] <= FRAME_MAX ? (int64_t)client->head[1] : -1;
    case FRAME_STDIN_EOF:
    case FRAME_HEALTH: return 0;
    case FRAME_RESIZE: return 8;
    default: return -1;
  }
}

static bool begin_frame(struct client *client) {
  client->left = client->head[1];
  return right_length(client) == client->head[1] && (client->greeted || client->head[0] == FRAME_HELLO);
}

static void end_frame(struct client *client) {
  switch (client->head[0]) {
    case FRAME_HELLO:
      client->hello = client->numbers[0];
      client->greeted = true;
      clients_greeted(client);
      break;
    case FRAME_STDIN_EOF:
      if (client->stdin_is_mine) streams_stdin_end();
      break;
    case FRAME_HEALTH: health_ask(client); break;
    case FRAME_RESIZE: streams_resize(client->numbers[0], client->numbers[1]);
  }
  client->head_length = 0;
}

static size_t take_payload(struct client *client, const char *bytes, size_t length) {
  if (client->head[0] == FRAME_STDIN) return (client->hello & HELLO_STDIN) != 0 ? streams_stdin(bytes, length) : length;
  memcpy((char *)client->numbers + client->head[1] - client->left, bytes, length);
  return length;
}

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

/* How much of it could be taken; a client that sends nonsense is dropped. */
static size_t parse(struct client *client, const char *bytes, size_t length) {
  size_t at = 0;
  while (at < length) {
    if (client->head_length < HEAD) {
      size_t part = smaller(HEAD - client->head_length, length - at);
      memcpy((char *)client->head + client->head_length, bytes + at, part);
      client->head_length += part;
      at += part;
      if (client->head_length < HEAD) break;
      if (!begin_frame(client)) {
        client_drop(client);
        return length;
      }
    } else {
      size_t taken = take_payload(client, bytes + at, smaller(client->left, length - at));
      if (taken == 0) break;
      client->left -= (uint32_t)taken;
      at += taken;
    }
    if (client->left == 0) end_frame(client);
  }
  return at;
}

void client_receive(struct client *client) {
  static char bytes[65536];
  ssize_t count = recv(client->watch.fd, bytes, sizeof bytes, MSG_DONTWAIT);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (count <= 0) {
    client_drop(client);
    return;
  }
  size_t length = (size_t)count, taken = parse(client, bytes, length);
  if (taken == length) return;
  client->rest = malloc(length - taken);
  if (client->rest == NULL) {
    client_drop(client);
    return;
  }
  client->rest_length = length - taken;
  memcpy(client->rest, bytes + taken, client->rest_length);
}

void client_retry(struct client *client) {
  if (client->rest_length == 0) return;
  char *rest = client->rest;
  size_t taken = parse(client, rest, client->rest_length);
  if (client->watch.fd < 0) return;
  client->rest_length -= taken;
  memmove(rest, rest + taken, client->rest_length);
  if (client->rest_length > 0) return;
  free(rest);
  client->rest = NULL;
}

void client_leave(struct client *client) {
  client->leaving = true;
  client->hello = 0;
  client->stdin_is_mine = false;
  free(client->rest);
  client->rest = NULL;
  client->rest_length = 0;
}

static void keep(struct client *client, const void *bytes, size_t length) {
  char *larger = realloc(client->out, client->out_length + length);
  if (larger == NULL) {
    client_drop(client);
    return;
  }
  memcpy(larger + client->out_length, bytes, length);
  client->out = larger;
  client->out_length += length;
}

void client_send(struct client *client, uint32_t type, const void *payload, size_t length) {
  uint32_t head[2] = {type, (uint32_t)length};
  size_t sent = 0;
  if (client->out_length == 0) {
    struct iovec parts[2] = {{.iov_base = head, .iov_len = HEAD}, {.iov_base = (void *)payload, .iov_len = length}};
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
    ssize_t count;
    do count = sendmsg(client->watch.fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    while (count < 0 && errno == EINTR);
    if (count < 0 && errno != EAGAIN) {
      client_drop(client);
      return;
    }
    if (count > 0) sent = (size_t)count;
  }
  if (sent < HEAD) keep(client, (char *)head + sent, HEAD - sent), sent = HEAD;
  if (client->watch.fd >= 0 && sent < HEAD + length) keep(client, (const char *)payload + sent - HEAD, length + HEAD - sent);
}

void client_flush(struct client *client) {
  if (client->out_length == 0) return;
  ssize_t count = send(client->watch.fd, client->out, client->out_length, MSG_DONTWAIT | MSG_NOSIGNAL);
  if (count < 0) {
    if (errno != EAGAIN && errno != EINTR) client_drop(client);
    return;
  }
  client->out_length -= (size_t)count;
  memmove(client->out, client->out + count, client->out_length);
  if (client->out_length > 0) return;
  free(client->out);
  client->out = NULL;
}
