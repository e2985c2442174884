// A service that does nothing: appends the time of its start and of its SIGTERM to a file. sleeper
// FILE [LINES]: LINES are printed at its start. SLEEPER_FILE and SLEEPER_LINES in the environment win:
// a supervisor may give its services no arguments, or arguments of its own.
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

// One write, so that the lines of many sleepers do not mix.
static void record(int file, const char* what) {
  struct timespec now;
  char line[64];
  clock_gettime(CLOCK_MONOTONIC, &now);
  const int length =
      snprintf(line, sizeof line, "%s %lld\n", what, now.tv_sec * 1000000000LL + now.tv_nsec);
  if (write(file, line, (size_t)length) != length) {
    _exit(1);
  }
}

static void say(int lines) {
  for (int i = 1; i <= lines; i++) {
    printf("line %d of a service that has something to say while it starts\n", i);
    fflush(stdout);
  }
}

int main(int argc, char** argv) {
  const char* path = getenv("SLEEPER_FILE");
  const char* lines = path != NULL ? getenv("SLEEPER_LINES") : argc > 2 ? argv[2] : NULL;
  if (path == NULL && argc > 1) {
    path = argv[1];
  }
  if (path == NULL) {
    return 2;
  }
  const int file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
  sigset_t stop;
  sigemptyset(&stop);
  sigaddset(&stop, SIGTERM);
  sigprocmask(SIG_BLOCK, &stop, NULL);
  record(file, "start");
  say(lines != NULL ? atoi(lines) : 0);
  int number = 0;
  sigwait(&stop, &number);
  record(file, "stop");
  return 0;
}
