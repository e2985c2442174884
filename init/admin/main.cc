// berth-admin: started by berth when somebody connects to the admin socket, gone when idle.
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <optional>
#include <string_view>

#include <getopt.h>
#include <signal.h>
#include <sys/resource.h>

#include "init/admin/permission.h"
#include "init/admin/server.h"
#include "init/os/clock.h"
#include "init/os/event_loop.h"
#include "init/os/fd.h"

namespace {

/// sd-bus knows no bound for the size of a message: what is too much ends this process, and berth
/// starts another one.
constexpr rlim_t kMaxData = rlim_t{256} * 1024 * 1024;

constexpr int kUsageError = 2;

struct Arguments {
  int control = -1;
  int listen = -1;
  std::optional<uid_t> owner;
};

template <typename Number>
bool parse_number(std::string_view text, Number& number) {
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  return parsed.ec == std::errc() && parsed.ptr == text.data() + text.size();
}

bool parse_arguments(int argc, char** argv, Arguments& arguments) {
  static const option kOptions[] = {{"control", required_argument, nullptr, 'c'},
                                    {"listen", required_argument, nullptr, 'l'},
                                    {"uid", required_argument, nullptr, 'u'},
                                    {"run-dir", required_argument, nullptr, 'r'},
                                    {nullptr, 0, nullptr, 0}};
  for (int found = 0; (found = ::getopt_long(argc, argv, "", kOptions, nullptr)) != -1;) {
    bool good = true;
    if (found == 'c')
      good = parse_number(optarg, arguments.control);
    else if (found == 'l')
      good = parse_number(optarg, arguments.listen);
    else if (found == 'u')
      good = parse_number(optarg, arguments.owner.emplace());
    else
      good = found == 'r';  // stands in the process list, to tell one berth's from another's
    if (!good)
      return false;
  }
  return optind == argc && arguments.control >= 0 && arguments.listen >= 0;
}

void limit_memory() {
#if !defined(__SANITIZE_ADDRESS__)  // whose shadow memory counts as data
  const rlimit limit{kMaxData, kMaxData};
  ::setrlimit(RLIMIT_DATA, &limit);
#endif
}

int serve(const Arguments& arguments) {
  const berth::os::SystemClock clock;
  berth::os::EventLoop loop(clock);
  berth::admin::Server::Options options;
  options.owner = arguments.owner.value_or(0);
  options.admin_group = berth::admin::group_in_file(berth::admin::kAdminGroup);
  const berth::admin::Server server(loop, berth::os::UniqueFd(arguments.control),
                                    berth::os::UniqueFd(arguments.listen), options);
  loop.run();
  return EXIT_SUCCESS;
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  if (!parse_arguments(argc, argv, arguments)) {
    std::fputs("usage: berth-admin --control FD --listen FD [--uid UID] [--run-dir DIR]\n", stderr);
    std::fputs("berth starts it; berthctl(1) is the command for people\n", stderr);
    return kUsageError;
  }
  limit_memory();
  ::signal(SIGPIPE, SIG_IGN);
  try {
    return serve(arguments);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "berth-admin: %s\n", error.what());
    return EXIT_FAILURE;
  }
}
