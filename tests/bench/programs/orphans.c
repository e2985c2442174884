// Makes COUNT orphans as fast as it can, waits until its PID 1 has reaped all of them, and writes
// "BEGIN MADE REAPED" (monotonic nanoseconds) to a file. Then it stays, so that PID 1 can be looked
// at. orphans COUNT FILE [at-once]: with the last word the orphans live until all are made, and end
// in one moment: MADE.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long long now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000LL + time.tv_nsec;
}

// Retries while there are no process numbers left: PID 1 is behind.
static pid_t fork_at_last(void) {
  pid_t pid;
  while ((pid = fork()) < 0 && errno == EAGAIN) {
    usleep(100);
  }
  return pid;
}

// Living and dead children of PID 1.
static int children_of_init(void) {
  FILE* file = fopen("/proc/1/task/1/children", "r");
  int count = 0;
  int pid;
  while (file != NULL && fscanf(file, "%d", &pid) == 1) {
    count++;
  }
  if (file != NULL) {
    fclose(file);
  }
  return count;
}

// gate: what the orphan reads from before it ends, and the end that it must not keep open; -1 = it
// ends at once.
static void make_orphan(const int* gate) {
  const pid_t parent = fork_at_last();
  if (parent == 0) {
    if (fork_at_last() == 0 && gate[0] >= 0) {
      char byte;
      close(gate[1]);
      _exit(read(gate[0], &byte, 1) != 0);
    }
    _exit(0);
  }
  waitpid(parent, NULL, 0);
}

int main(int argc, char** argv) {
  if (argc < 3) {
    return 2;
  }
  int gate[2] = {-1, -1};
  if (argc > 3 && pipe(gate) != 0) {
    return 1;
  }
  const int before = children_of_init();
  const long long begin = now();
  for (int left = atoi(argv[1]); left > 0; left--) {
    make_orphan(gate);
  }
  const long long made = now();
  close(gate[1]);
  while (children_of_init() > before) {
    usleep(200);
  }
  FILE* file = fopen(argv[2], "w");
  if (file == NULL) {
    return 1;
  }
  fprintf(file, "%lld %lld %lld\n", begin, made, now());
  fclose(file);
  pause();
  return 0;
}
