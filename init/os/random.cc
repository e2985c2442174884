// getrandom(2).
#include "init/os/random.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <ctime>

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

std::uint64_t random_number() {
  std::uint64_t number = 0;
  // GRND_NONBLOCK: early in a machine's life the source may not be ready; what only has to be
  // distinct need not wait for it.
  if (::getrandom(&number, sizeof number, GRND_NONBLOCK) == static_cast<ssize_t>(sizeof number))
    return number;
  timespec now{};
  ::clock_gettime(CLOCK_BOOTTIME, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'007U +
         static_cast<std::uint64_t>(now.tv_nsec);
}

std::string random_id() {
  constexpr int kIdDigits = 16;  // of 64 bits
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (int half = 0; half < 2; ++half) {
    std::uint64_t rest = random_number();
    for (int i = 0; i < kIdDigits; ++i, rest >>= 4)
      text += kDigits[rest & 15];
  }
  return text;
}

}  // namespace berth::os
