// Writes the monotonic time in nanoseconds to a file and executes a command: stamp FILE COMMAND...
#include <stdio.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char** argv) {
  if (argc < 3) {
    return 2;
  }
  FILE* file = fopen(argv[1], "w");
  if (file == NULL) {
    perror(argv[1]);
    return 1;
  }
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  fprintf(file, "%lld\n", now.tv_sec * 1000000000LL + now.tv_nsec);
  fclose(file);
  execvp(argv[2], argv + 2);
  perror(argv[2]);
  return 127;
}
