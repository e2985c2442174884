// getrandom(2).
#include "init/os/random.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include <sys/random.h>

#include "init/os/errno_error.h"

namespace berth::os {

void fill_random(std::span<unsigned char> room) {
  while (!room.empty()) {
    const ssize_t got = ::getrandom(room.data(), room.size(), 0);
    if (got > 0) {
      room = room.subspan(static_cast<std::size_t>(got));
    } else if (errno != EINTR) {
      std::fprintf(stderr, "%s\n", errno_error("getrandom").message.c_str());
      std::exit(1);
    }
  }
}

}  // namespace berth::os
