#include "trace.h"

#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "records.h"
#include "report.h"

/* Of one start and end there are some thirty; what more there may be is left out. */
#define MOST 128

struct phase {
  atomic_bool whole;
  enum trace_lane lane;
  char name[40]; /* no pointer: --init leaves the page in a process that those of the container see */
  uint64_t begin, end;
};

static struct page {
  atomic_uint count;
  struct phase phases[MOST];
} *page;

static enum trace_lane lane = TRACE_MONITOR;
static uint64_t since;
static unsigned told;

uint64_t trace_now(void) {
  if (page == NULL) return 0;
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

void trace_open(const struct plan *plan) {
  if (!plan->trace) return;
  void *memory = mmap(NULL, sizeof *page, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return;
  page = memory;
  since = trace_now();
}

void trace_become(enum trace_lane which) {
  lane = which;
  since = trace_now();
}

void trace_span(const char *name, uint64_t begin) {
  if (page == NULL) return;
  unsigned at = atomic_fetch_add(&page->count, 1);
  if (at >= MOST) return;
  struct phase *phase = &page->phases[at];
  phase->lane = lane;
  strncpy(phase->name, name, sizeof phase->name - 1);
  phase->begin = begin;
  phase->end = trace_now();
  atomic_store(&phase->whole, true);
}

void trace_phase(const char *name) {
  if (page == NULL) return;
  trace_span(name, since);
  since = trace_now();
}

void trace_tell(void) {
  if (page == NULL) return;
  /* Not further than to one that is still being written. */
  for (; told < MOST && atomic_load(&page->phases[told].whole); told++) {
    const struct phase *phase = &page->phases[told];
    char record[128];
    struct writer writer;
    record_begin(&writer, record, sizeof record, STATUS_TRACE);
    record_u(&writer, phase->lane);
    record_s(&writer, phase->name, sizeof phase->name - 1);
    record_u(&writer, phase->begin);
    record_u(&writer, phase->end);
    report_send(FD_STATUS, record, record_end(&writer));
  }
}
