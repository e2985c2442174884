// A service that does nothing: appends the time of its start and of its SIGTERM to a file. sleeper
// FILE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
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

int main(int argc, char** argv) {
  if (argc != 2) {
    return 2;
  }
  const int file = open(argv[1], O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
  sigset_t stop;
  sigemptyset(&stop);
  sigaddset(&stop, SIGTERM);
  sigprocmask(SIG_BLOCK, &stop, NULL);
  record(file, "start");
  int number = 0;
  sigwait(&stop, &number);
  record(file, "stop");
  return 0;
}
