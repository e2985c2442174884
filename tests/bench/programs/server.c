// A web server that costs next to nothing, as a backend behind a proxy and as a tenant.
//
// server [PORT]: it listens on LISTEN_FDS, or on 127.0.0.1 and the port of its argument or of the
// variable PORT, after START_DELAY milliseconds. With RECORD it writes "BEGIN LISTENING" (monotonic
// nanoseconds) to that file. A path that ends in "/big" gets 10 MB, an upgrade an echo, everything
// else 200 bytes. A request is expected in one piece and without a body.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { kPeers = 65536, kEvents = 256, kSmall = 200, kBig = 10000000 };

struct peer {
  size_t owed;  // bytes of a big body that are still to be sent
  bool tunnel;
};

static struct peer peers[kPeers];
static char input[16384];
static char zeros[262144];
static int poller;

static long long now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static void watch(int operation, int fd, uint32_t events) {
  struct epoll_event event = {.events = events, .data.fd = fd};
  epoll_ctl(poller, operation, fd, &event);
}

static void say(int fd, const char* text, size_t length) {
  if (send(fd, text, length, MSG_NOSIGNAL) != (ssize_t)length) {
    close(fd);
  }
}

// Sends what is owed as far as the socket takes it, and asks to be called again for the rest.
static void send_owed(int fd) {
  struct peer* peer = &peers[fd];
  while (peer->owed > 0) {
    const size_t part = peer->owed < sizeof zeros ? peer->owed : sizeof zeros;
    const ssize_t sent = send(fd, zeros, part, MSG_NOSIGNAL);
    if (sent < 0) {
      if (errno != EAGAIN) {
        close(fd);
        return;
      }
      watch(EPOLL_CTL_MOD, fd, EPOLLOUT);
      return;
    }
    peer->owed -= (size_t)sent;
  }
  watch(EPOLL_CTL_MOD, fd, EPOLLIN);
}

static void answer(int fd, const char* request) {
  // The key that load.py sends, and its answer, are those of RFC 6455 section 1.3.
  static const char upgraded[] =
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
  static char reply[512];
  if (strcasestr(request, "\r\nUpgrade:") != NULL) {
    peers[fd].tunnel = true;
    say(fd, upgraded, sizeof upgraded - 1);
    return;
  }
  const char* end = strstr(request, " HTTP/1.");
  const bool big = end != NULL && end - request > 4 && strncmp(end - 4, "/big", 4) == 0;
  const int head = snprintf(reply, sizeof reply,
                            "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
                            "Content-Length: %d\r\n\r\n",
                            big ? kBig : kSmall);
  if (big) {
    say(fd, reply, (size_t)head);
    peers[fd].owed = kBig;
    send_owed(fd);
    return;
  }
  memset(reply + head, 'x', kSmall);
  say(fd, reply, (size_t)head + kSmall);
}

static void receive(int fd) {
  const ssize_t length = recv(fd, input, sizeof input - 1, 0);
  if (length <= 0) {
    close(fd);
    return;
  }
  input[length] = '\0';
  if (peers[fd].tunnel) {
    say(fd, input, (size_t)length);
  } else {
    answer(fd, input);
  }
}

static void take(int listener) {
  const int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd < 0) {
    return;
  }
  if (fd >= kPeers) {
    close(fd);
    return;
  }
  const int yes = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  peers[fd] = (struct peer){0};
  watch(EPOLL_CTL_ADD, fd, EPOLLIN);
}

static int listen_here(const char* port) {
  enum { kFirstPassedFd = 3 };  // man 3 sd_listen_fds
  if (getenv("LISTEN_FDS") != NULL) {
    return kFirstPassedFd;
  }
  struct sockaddr_in address = {.sin_family = AF_INET,
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                                .sin_port = htons((uint16_t)atoi(port != NULL ? port : "0"))};
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int yes = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (bind(fd, (struct sockaddr*)&address, sizeof address) != 0 || listen(fd, 4096) != 0) {
    perror("listen");
    exit(1);
  }
  return fd;
}

static void record(long long begin) {
  const char* path = getenv("RECORD");
  FILE* file = path != NULL ? fopen(path, "w") : NULL;
  if (file != NULL) {
    fprintf(file, "%lld %lld\n", begin, now());
    fclose(file);
  }
}

static void serve(int listener) {
  static struct epoll_event events[kEvents];
  watch(EPOLL_CTL_ADD, listener, EPOLLIN);
  for (;;) {
    const int count = epoll_wait(poller, events, kEvents, -1);
    for (int i = 0; i < count; i++) {
      const int fd = events[i].data.fd;
      if (fd == listener) {
        take(listener);
      } else if (events[i].events & EPOLLOUT) {
        send_owed(fd);
      } else {
        receive(fd);
      }
    }
  }
}

int main(int argc, char** argv) {
  const long long begin = now();
  const char* delay = getenv("START_DELAY");
  usleep(delay != NULL ? (useconds_t)atoi(delay) * 1000 : 0);
  poller = epoll_create1(EPOLL_CLOEXEC);
  const int listener = listen_here(argc > 1 ? argv[1] : getenv("PORT"));
  record(begin);
  serve(listener);
}
