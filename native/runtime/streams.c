#include "streams.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "clients.h"
#include "log.h"
#include "loop.h"
#include "report.h"

#define CHUNK 65536
/* No pipe of an unprivileged user holds more (fs.pipe-max-size); a process that goes on writing has more. */
#define DRAIN_MAX (1 << 20)

/* What the process writes. With a terminal the first one is the pty, for both directions. */
struct source {
  struct watch watch; /* first */
  enum frame_type frame;
  enum log_stream log;
  bool started;
};

static void on_source(struct watch *watch, uint32_t events);
static void on_stdin(struct watch *watch, uint32_t events);

static struct source sources[] = {
    {.watch = {.fd = -1, .ready = on_source}, .frame = FRAME_STDOUT, .log = LOG_STDOUT},
    {.watch = {.fd = -1, .ready = on_source}, .frame = FRAME_STDERR, .log = LOG_STDERR},
};
static struct watch stdin_pipe = {.fd = -1, .ready = on_stdin};
static bool terminal, hung_up, stdin_full;
static char chunk[CHUNK];

static void make_pipe(int ends[2], int ours) {
  if (pipe2(ends, O_CLOEXEC) < 0) fail("namespace", errno, "", "", "pipe2()");
  if (fcntl(ends[ours], F_SETFL, O_NONBLOCK) < 0) fail("namespace", errno, "", "", "fcntl(pipe, O_NONBLOCK)");
}

void streams_open(const struct plan *plan, int theirs[3]) {
  theirs[0] = theirs[1] = theirs[2] = -1;
  terminal = plan->terminal;
  if (terminal) return;
  if (plan->log_driver == LOG_PASSTHROUGH) {
    /* Ours stay: it may be started again. */
    for (int i = 0; i < 3; i++) {
      theirs[i] = fcntl(FD_STDIO + i, F_DUPFD_CLOEXEC, FD_STDIO + 3);
      if (theirs[i] < 0) fail("namespace", errno, "", "", "fcntl(%d, F_DUPFD_CLOEXEC)", FD_STDIO + i);
    }
    return;
  }
  int ends[2];
  if (plan->stdin_mode == STDIN_NONE) {
    theirs[0] = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (theirs[0] < 0) fail("namespace", errno, "/dev/null", "", "open(/dev/null)");
  } else {
    make_pipe(ends, 1);
    theirs[0] = ends[0];
    stdin_pipe.fd = ends[1];
  }
  for (int i = 0; i < 2; i++) {
    make_pipe(ends, 0);
    theirs[1 + i] = ends[1];
    sources[i].watch.fd = ends[0];
  }
}

void streams_console(int master) {
  if (fcntl(master, F_SETFL, O_RDWR | O_NONBLOCK) < 0) fail("namespace", errno, "", "", "fcntl(pty, O_NONBLOCK)");
  sources[0].watch.fd = master;
}

void streams_start(void) {
  sources[0].started = sources[1].started = true;
  streams_balance();
}

void streams_balance(void) {
  for (int i = 0; i < 2; i++) {
    struct source *source = &sources[i];
    if (!source->started || source->watch.fd < 0) continue;
    uint32_t in = clients_busy(source->frame) ? 0 : EPOLLIN;
    uint32_t out = terminal && stdin_full ? EPOLLOUT : 0;
    /* A pty that no process has open hangs up for good, until one opens it again: only changes are of interest then. */
    loop_want(&source->watch, hung_up ? EPOLLIN | EPOLLET : in | out);
  }
  if (stdin_pipe.fd >= 0) loop_want(&stdin_pipe, stdin_full ? EPOLLOUT : 0);
}

static void end_source(struct source *source) {
  loop_close(&source->watch);
  log_end(source->log);
}

/* How much; 0 when there is nothing to read for now. */
static ssize_t pass_on(struct source *source) {
  ssize_t count;
  do count = read(source->watch.fd, chunk, sizeof chunk);
  while (count < 0 && errno == EINTR);
  if (count > 0) {
    hung_up = false;
    log_write(source->log, chunk, (size_t)count);
    clients_send(source->frame, chunk, (size_t)count);
    return count;
  }
  if (count < 0 && errno == EAGAIN) return 0;
  if (count < 0 && errno == EIO && terminal) hung_up = true;
  else end_source(source);
  return 0;
}

static void on_source(struct watch *watch, uint32_t events) {
  struct source *source = (struct source *)watch;
  if ((events & EPOLLOUT) != 0) on_stdin(watch, events);
  if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0 && watch->fd >= 0) pass_on(source);
}

void streams_drain(void) {
  for (int i = 0; i < 2; i++) {
    struct source *source = &sources[i];
    ssize_t left = DRAIN_MAX, count = 1;
    while (source->watch.fd >= 0 && left > 0 && count > 0) left -= count = pass_on(source);
    if (source->watch.fd >= 0) end_source(source);
  }
  loop_close(&stdin_pipe);
}

static int stdin_fd(void) { return terminal ? sources[0].watch.fd : stdin_pipe.fd; }

size_t streams_stdin(const char *bytes, size_t length) {
  int fd = stdin_fd();
  if (fd < 0) return length;
  ssize_t count;
  do count = write(fd, bytes, length);
  while (count < 0 && errno == EINTR);
  if (count > 0) return (size_t)count;
  if (count < 0 && errno == EAGAIN) {
    stdin_full = true;
    return 0;
  }
  /* The process has closed it. */
  if (!terminal) loop_close(&stdin_pipe);
  return length;
}

static void on_stdin(struct watch *watch, uint32_t events) {
  stdin_full = false;
  if (!terminal && (events & EPOLLERR) != 0) loop_close(watch);
}

void streams_stdin_end(void) {
  if (terminal) return;
  loop_close(&stdin_pipe);
  stdin_full = false;
}

void streams_resize(unsigned rows, unsigned columns) {
  struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns};
  if (terminal && sources[0].watch.fd >= 0) ioctl(sources[0].watch.fd, TIOCSWINSZ, &size);
}
