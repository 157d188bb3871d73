#include "clients.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "report.h"
#include "streams.h"

/* More than anybody needs, fewer than the descriptors that we may have. */
#define CLIENTS_MAX 64

static void on_connection(struct watch *watch, uint32_t events);

static struct watch listener = {.fd = -1, .ready = on_connection};
static struct client *clients;
static size_t count;
static const char *socket_path;
static bool stdin_once, stdin_owned;
static bool deaf; /* out of descriptors: until somebody goes, connections would announce themselves for ever */

static void on_client(struct watch *watch, uint32_t events) {
  struct client *client = (struct client *)watch;
  if ((events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) != 0) client_flush(client);
  if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) == 0 || client->watch.fd < 0) return;
  /* One that has had its last frame is read for its going only. */
  if (client->leaving && (events & (EPOLLHUP | EPOLLERR)) != 0) client_drop(client);
  else if (!client->leaving && client->rest_length == 0) client_receive(client);
}

static struct client *add(int fd, uint32_t hello) {
  struct client *client = calloc(1, sizeof *client);
  if (client == NULL) {
    close(fd);
    return NULL;
  }
  client->watch = (struct watch){.fd = fd, .ready = on_client};
  client->hello = hello;
  client->next = clients;
  clients = client;
  count++;
  return client;
}

static void on_connection(struct watch *watch, uint32_t events) {
  (void)events;
  int fd = accept4(watch->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (fd < 0) {
    deaf = errno != EAGAIN && errno != EINTR && errno != ECONNABORTED;
    return;
  }
  struct ucred peer;
  socklen_t length = sizeof peer;
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) < 0 || peer.uid != geteuid()) {
    close(fd);
    return;
  }
  add(fd, 0);
}

/* By way of the folder's descriptor: the whole path may be longer than an address of a socket. */
static void bind_at(int fd, const char *path) {
  char folder[4096];
  const char *name = strrchr(path, '/');
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (name == NULL || (size_t)snprintf(folder, sizeof folder, "%.*s", (int)(name - path), path) >= sizeof folder) {
    fail("namespace", ENAMETOOLONG, path, "", "bind(%s)", path);
  }
  int at = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (at < 0) fail("namespace", errno, folder, "", "open(%s)", folder);
  snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/%.60s", at, name + 1);
  unlink(path);
  mode_t before = umask(0177);
  int bound = bind(fd, (struct sockaddr *)&address, sizeof address);
  umask(before);
  close(at);
  if (bound < 0) fail("namespace", errno, path, "", "bind(%s)", path);
}

/* It may go without a word, too: then nobody will write to a stdin that was meant for it. */
static void expect_first(void) {
  struct client *client = add(FD_CLIENT, HELLO_STDOUT | HELLO_STDERR);
  if (client == NULL) fail("namespace", ENOMEM, "", "", "calloc()");
  client->stdin_is_mine = stdin_owned = stdin_once;
}

void clients_open(const struct plan *plan) {
  stdin_once = plan->stdin_mode == STDIN_ONCE;
  if (plan->attached) expect_first();
  clients_listen(plan);
}

void clients_listen(const struct plan *plan) {
  if (plan->attach_socket == NULL || plan->attach_socket[0] == '\0') return;
  socket_path = plan->attach_socket;
  listener.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (listener.fd < 0) fail("namespace", errno, "", "", "socket(AF_UNIX)");
  bind_at(listener.fd, socket_path);
  if (listen(listener.fd, 16) < 0) fail("namespace", errno, socket_path, "", "listen(%s)", socket_path);
}

void clients_greeted(struct client *client) {
  if (!stdin_once || (stdin_owned && !client->stdin_is_mine)) return;
  client->stdin_is_mine = stdin_owned = (client->hello & HELLO_STDIN) != 0;
}

static bool wants(const struct client *client, enum frame_type type) {
  return client->watch.fd >= 0 && (client->hello & (type == FRAME_STDOUT ? HELLO_STDOUT : HELLO_STDERR)) != 0;
}

void clients_send(enum frame_type type, const char *bytes, size_t length) {
  for (struct client *client = clients; client != NULL; client = client->next) {
    if (wants(client, type)) client_send(client, type, bytes, length);
  }
}

bool clients_busy(enum frame_type type) {
  for (const struct client *client = clients; client != NULL; client = client->next) {
    if (wants(client, type) && client->out_length > 0) return true;
  }
  return false;
}

void clients_settle(void) {
  for (struct client **at = &clients; *at != NULL;) {
    struct client *client = *at;
    client_retry(client);
    if (client->leaving && client->out_length == 0) client_drop(client);
    if (client->watch.fd >= 0) {
      loop_want(&client->watch, (client->rest_length == 0 && !client->leaving ? EPOLLIN : 0) | (client->out_length > 0 ? EPOLLOUT : 0));
      at = &client->next;
    } else {
      *at = client->next;
      free(client);
      count--;
      deaf = false;
    }
  }
  if (listener.fd >= 0) loop_want(&listener, count < CLIENTS_MAX && !deaf ? EPOLLIN : 0);
}

void clients_refuse(void) {
  if (listener.fd < 0) return;
  loop_close(&listener);
  unlink(socket_path);
}

void clients_exit(int code) {
  uint32_t payload = (uint32_t)code;
  for (struct client *client = clients; client != NULL; client = client->next) {
    if (client->watch.fd < 0) continue;
    client_send(client, FRAME_EXIT, &payload, sizeof payload);
    client_leave(client);
  }
  stdin_owned = false;
}

void clients_answer(uint32_t answer) {
  for (struct client *client = clients; client != NULL; client = client->next) {
    if (client->watch.fd < 0 || !client->asks) continue;
    client_send(client, FRAME_HEALTH, &answer, sizeof answer);
    client_leave(client);
  }
}

bool clients_left(void) { return clients != NULL; }

void clients_abandon(void) {
  for (struct client *client = clients; client != NULL; client = client->next) client_drop(client);
}
