// Preloaded into cpsctl: ends the process, as SIGKILL does, at a chosen call that writes to a disk or uses a socket, or
// stops it.
//   KILL_AT=N        at the N-th such call; KILL_WHEN=after: once it has been carried out, else before it
//   KILL_AFTER_US=N  at a time
//   KILL_COUNT=FILE  never; writes at the end how many calls there were
//   CLOCK_AHEAD=N    its wall clock is N seconds ahead
//   STOP_AT_SYNC=N   stops (SIGSTOP) once the N-th fdatasync, the journal's flush, is done
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static atomic_long calls;
static long kill_at = -1;
static int kill_after_call;
static atomic_long syncs;
static long stop_at_sync = -1;
static long clock_ahead = 0;

static void die(void) { kill(getpid(), SIGKILL); }

__attribute__((constructor)) static void begin(void) {
  char const* at = getenv("KILL_AT");
  if (at) kill_at = atol(at);
  char const* when = getenv("KILL_WHEN");
  kill_after_call = when && strcmp(when, "after") == 0;
  char const* sync = getenv("STOP_AT_SYNC");
  if (sync) stop_at_sync = atol(sync);
  char const* ahead = getenv("CLOCK_AHEAD");
  if (ahead) clock_ahead = atol(ahead);
  char const* after = getenv("KILL_AFTER_US");
  if (after) {
    long const us = atol(after);
    struct itimerval const timer = {.it_value = {.tv_sec = us / 1000000, .tv_usec = us % 1000000}};
    setitimer(ITIMER_REAL, &timer, NULL);  // nobody handles SIGALRM: it ends the process at once
  }
}

__attribute__((destructor)) static void end(void) {
  char const* file = getenv("KILL_COUNT");
  if (!file) return;
  FILE* const out = fopen(file, "w");
  if (!out) return;
  fprintf(out, "%ld\n", atomic_load(&calls));
  fclose(out);
}

// Counts a call; true when the process is to die after it.
static int counted(void) {
  int const hit = atomic_fetch_add(&calls, 1) + 1 == kill_at;
  if (hit && !kill_after_call) die();
  return hit;
}

#define PASS(CALL)        \
  int const hit = counted(); \
  long const got = CALL;  \
  if (hit) die();         \
  return got

ssize_t write(int fd, void const* data, size_t size) { PASS(syscall(SYS_write, fd, data, size)); }
ssize_t pwrite(int fd, void const* data, size_t size, off_t at) { PASS(syscall(SYS_pwrite64, fd, data, size, at)); }
ssize_t sendmsg(int fd, struct msghdr const* message, int flags) { PASS(syscall(SYS_sendmsg, fd, message, flags)); }
ssize_t recvmsg(int fd, struct msghdr* message, int flags) { PASS(syscall(SYS_recvmsg, fd, message, flags)); }
ssize_t send(int fd, void const* data, size_t size, int flags) { PASS(syscall(SYS_sendto, fd, data, size, flags, 0, 0)); }
ssize_t recv(int fd, void* data, size_t size, int flags) { PASS(syscall(SYS_recvfrom, fd, data, size, flags, 0, 0)); }
int fsync(int fd) { PASS((int)syscall(SYS_fsync, fd)); }

static int synced(int fd) {
  int const got = (int)syscall(SYS_fdatasync, fd);
  if (atomic_fetch_add(&syncs, 1) + 1 == stop_at_sync) kill(getpid(), SIGSTOP);
  return got;
}
int fdatasync(int fd) { PASS(synced(fd)); }
int ftruncate(int fd, off_t size) { PASS((int)syscall(SYS_ftruncate, fd, size)); }
int rename(char const* from, char const* to) { PASS((int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0)); }

int clock_gettime(clockid_t clock, struct timespec* now) {
  int const got = (int)syscall(SYS_clock_gettime, clock, now);
  if (clock == CLOCK_REALTIME) now->tv_sec += clock_ahead;
  return got;
}
