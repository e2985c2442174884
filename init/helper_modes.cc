// The table of modes, and those that look at other processes.
#include "init/helper_modes.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include <sys/stat.h>
#include <unistd.h>

#include "init/helper_mode.h"
#include "init/os/errno_error.h"
#include "init/os/proc_fs.h"
#include "init/os/proc_probe.h"

namespace berth {
namespace {

using helper::Arguments;
using helper::complain;
using helper::kNo;
using helper::kUsage;
using helper::kYes;
using helper::parse_number;

constexpr unsigned kTimeLimitSeconds = 10;
/// Files may lie on a slow disk, and many of them in a directory that changes hands.
constexpr unsigned kPrepareLimitSeconds = 60;
constexpr unsigned kNoTimeLimit = 0;
constexpr std::uint64_t kBytesPerKib = 1024;

// --- memory

void print_memory(pid_t pid) {
  if (const auto figures = os::read_memory(pid); figures.has_value()) {
    std::printf("%d %llu %llu %llu %llu\n", pid, static_cast<unsigned long long>(figures->rss),
                static_cast<unsigned long long>(figures->pss),
                static_cast<unsigned long long>(figures->private_memory),
                static_cast<unsigned long long>(figures->swap));
  } else if (const auto rss = os::read_rss_bytes(pid); rss.has_value()) {
    std::printf("%d %llu - - -\n", pid, static_cast<unsigned long long>(*rss / kBytesPerKib));
  }
  // Each line goes out before the next process is looked at: that one may hang.
  std::fflush(stdout);
}

int memory(const Arguments& arguments) {
  for (const std::string& argument : arguments) {
    const auto pid = parse_number<pid_t>(argument);
    if (!pid.has_value())
      return complain("memory: " + argument + " is no process id", kUsage);
    print_memory(*pid);
  }
  return kYes;
}

// --- owns-port

bool holds_one_of(pid_t pid, const std::vector<std::uint64_t>& listening) {
  const std::vector<std::uint64_t> held = os::socket_inodes(pid);
  return std::any_of(held.begin(), held.end(), [&](std::uint64_t inode) {
    return std::find(listening.begin(), listening.end(), inode) != listening.end();
  });
}

int owns_port(const Arguments& arguments) {
  const auto port =
      arguments.empty() ? std::nullopt : parse_number<std::uint16_t>(arguments.front());
  if (!port.has_value())
    return complain("owns-port: PORT is missing or no number", kUsage);
  const std::vector<std::uint64_t> listening = os::listening_inodes(*port);
  const bool owned =
      std::any_of(arguments.begin() + 1, arguments.end(), [&](const std::string& text) {
        const auto pid = parse_number<pid_t>(text);
        return pid.has_value() && holds_one_of(*pid, listening);
      });
  return owned ? kYes : kNo;
}

// --- path-is

int path_is(const Arguments& arguments) {
  if (arguments.size() != 2 || (arguments[0] != "there" && arguments[0] != "missing"))
    return complain("path-is: wants \"there\" or \"missing\", and PATH", kUsage);
  struct stat status {};
  // What a broken link names is not there, as for whoever would open it.
  const bool is_there = ::stat(arguments[1].c_str(), &status) == 0;
  if (!is_there && errno != ENOENT && errno != ENOTDIR)
    return complain("look for " + arguments[1] + ": " + os::errno_text(errno), kUsage);
  return is_there == (arguments[0] == "there") ? kYes : kNo;
}

struct Mode {
  std::string_view name;
  int (*run)(const Arguments& arguments);
  unsigned seconds;
};
constexpr std::array<Mode, 9> kModes = {{
    {"memory", memory, kTimeLimitSeconds},
    {"owns-port", owns_port, kTimeLimitSeconds},
    {"prepare", helper::prepare, kPrepareLimitSeconds},
    {"names", helper::names, kTimeLimitSeconds},
    {"state-begin", helper::state_begin, kTimeLimitSeconds},
    {"state-end", helper::state_end, kTimeLimitSeconds},
    {"machine-api", helper::machine_api, kTimeLimitSeconds},
    {"log-files", helper::log_files, kNoTimeLimit},
    {"path-is", path_is, kTimeLimitSeconds},
}};

}  // namespace

int helper::complain(const std::string& message, int status) {
  std::fprintf(stderr, "%s\n", message.c_str());
  return status;
}

std::optional<int> run_helper_mode(int argc, char** argv) {
  if (argc < 2 || std::string_view(argv[1]) != "--helper")
    return std::nullopt;
  const std::string_view name = argc > 2 ? argv[2] : "";
  const auto mode = std::find_if(kModes.begin(), kModes.end(),
                                 [name](const Mode& each) { return each.name == name; });
  if (mode == kModes.end())
    return complain("berth: no helper mode \"" + std::string(name) + "\"", kUsage);
  ::alarm(mode->seconds);
  return mode->run(Arguments(argv + std::min(argc, 3), argv + argc));
}

}  // namespace berth
