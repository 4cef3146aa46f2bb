#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "CProcessMemory.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

// How aborts, traps and null pointers end a process.
static const int fatal_signals[] = {SIGABRT, SIGILL, SIGTRAP, SIGSEGV, SIGBUS};
enum { signal_count = sizeof fatal_signals / sizeof *fatal_signals };

// A process that does not get this much more has run out: the stack grows by such steps.
enum { least_bytes = 1 << 20 };

static struct sigaction previous_actions[signal_count];
static int exit_code_without_memory;
static char message[4096] = "not enough memory\n";
static volatile size_t message_size = sizeof "not enough memory\n" - 1;

int gq_has_memory(size_t count) {
  if (count == 0) return 1;
  // What fails here fails without harm, so it leaves no trace for the handler.
  int previous = errno;
  void *start = mmap(NULL, count, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (start != MAP_FAILED) munmap(start, count);
  errno = previous;
  return start != MAP_FAILED;
}

static rlim_t limit_of(int resource) {
  struct rlimit limit;
  return getrlimit(resource, &limit) == 0 ? limit.rlim_cur : RLIM_INFINITY;
}

long long gq_memory_limit(void) {
  long long least = -1;
  const rlim_t limits[] = {limit_of(RLIMIT_AS), limit_of(RLIMIT_DATA)};
  for (int k = 0; k < 2; k++) {
    if (limits[k] > LLONG_MAX) continue;
    if (least < 0 || (long long)limits[k] < least) least = (long long)limits[k];
  }
  return least;
}

void gq_out_of_memory_message(const char *text) {
  // Empty meanwhile: a handler on another thread says nothing rather than half of each.
  message_size = 0;
  size_t count = strnlen(text, sizeof message);
  memcpy(message, text, count);
  message_size = count;
}

// Calls nothing that is not safe in a handler.
static void handle(int number, siginfo_t *information, void *context) {
  (void)context;
  // A failed allocation sets errno on its thread; a stack that cannot grow does not. What another process sends says
  // nothing of memory.
  const int sent = information->si_code == SI_USER;
  if (sent) errno = 0;
  if (errno == ENOMEM || !gq_has_memory(least_bytes)) {
    ssize_t written = write(STDERR_FILENO, message, message_size);
    (void)written;
    _exit(exit_code_without_memory);
  }
  for (int k = 0; k < signal_count; k++) {
    if (fatal_signals[k] == number) sigaction(number, &previous_actions[k], NULL);
  }
  // What the processor raised comes again when the instruction is repeated.
  if (information->si_code <= 0) raise(number);
}

void gq_exit_when_out_of_memory(int exit_code) {
  // On a stack of its own, for when the main one cannot grow.
  static char stack[64 << 10];
  exit_code_without_memory = exit_code;
  setvbuf(stdout, NULL, _IOLBF, 0);
  stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
  sigaltstack(&alternate, NULL);
  struct sigaction action = {.sa_sigaction = handle, .sa_flags = SA_SIGINFO | SA_ONSTACK};
  sigemptyset(&action.sa_mask);
  for (int k = 0; k < signal_count; k++) sigaction(fatal_signals[k], &action, &previous_actions[k]);
}
