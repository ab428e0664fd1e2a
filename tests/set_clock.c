/* A wall clock that a file sets, for the processes that load this library; monotonic clocks stay as they are.
 *
 * SET_CLOCK names a file of eight bytes: the seconds between this clock and the host's, as the machine writes a long. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const volatile long *offset;

__attribute__((constructor)) static void map_offset(void) {
  const char *name = getenv("SET_CLOCK");
  int file = name ? open(name, O_RDONLY | O_CLOEXEC) : -1;
  if (file < 0) return;
  void *there = mmap(NULL, sizeof *offset, PROT_READ, MAP_SHARED, file, 0);
  if (there != MAP_FAILED) offset = there;
  close(file);
}

int clock_gettime(clockid_t clock, struct timespec *now) {
  int failed = (int)syscall(SYS_clock_gettime, clock, now);
  if (!failed && offset && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) now->tv_sec += *offset;
  return failed;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
  struct timespec exact;
  (void)zone;
  if (clock_gettime(CLOCK_REALTIME, &exact)) return -1;
  now->tv_sec = exact.tv_sec;
  now->tv_usec = exact.tv_nsec / 1000;
  return 0;
}

time_t time(time_t *there) {
  struct timespec exact;
  clock_gettime(CLOCK_REALTIME, &exact);
  if (there) *there = exact.tv_sec;
  return exact.tv_sec;
}
