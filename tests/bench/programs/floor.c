// The least that an init can be: starts COUNT copies of a command, reaps everything, passes SIGTERM
// on to the copies, and ends when all of them have ended. floor COUNT COMMAND...
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static int start(pid_t* pids, int count, char** command) {
  for (int i = 0; i < count; i++) {
    pids[i] = fork();
    if (pids[i] < 0) {
      perror("fork");
      return 1;
    }
    if (pids[i] == 0) {
      sigset_t none;
      sigemptyset(&none);
      sigprocmask(SIG_SETMASK, &none, NULL);
      setsid();
      execv(command[0], command);
      _exit(127);
    }
  }
  return 0;
}

// Reaps all that have ended; how many of them were copies.
static int reap(pid_t* pids, int count) {
  int ended = 0;
  pid_t pid;
  while ((pid = waitpid(-1, NULL, WNOHANG)) > 0) {
    for (int i = 0; i < count; i++) {
      if (pids[i] == pid) {
        pids[i] = 0;
        ended++;
        break;
      }
    }
  }
  return ended;
}

int main(int argc, char** argv) {
  const int count = argc > 2 ? atoi(argv[1]) : 0;
  pid_t* pids = count > 0 ? calloc((size_t)count, sizeof *pids) : NULL;
  if (pids == NULL) {
    return 2;
  }
  sigset_t heard;
  sigemptyset(&heard);
  sigaddset(&heard, SIGCHLD);
  sigaddset(&heard, SIGTERM);
  sigprocmask(SIG_BLOCK, &heard, NULL);
  if (start(pids, count, argv + 2) != 0) {
    return 1;
  }
  for (int running = count; running > 0;) {
    int number = 0;
    sigwait(&heard, &number);
    for (int i = 0; number == SIGTERM && i < count; i++) {
      if (pids[i] != 0) {
        kill(pids[i], SIGTERM);
      }
    }
    running -= reap(pids, count);
  }
  return 0;
}
