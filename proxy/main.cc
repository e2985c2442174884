// berth-proxy: started by PID 1 with the control socket and the listening sockets.
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <string_view>

#include "init/os/clock.h"
#include "init/os/file_rights.h"
#include "init/os/startup.h"
#include "init/os/stream.h"
#include "init/os/system_calls.h"
#include "proxy/diagnostics.h"
#include "proxy/needed_files.h"
#include "proxy/server.h"

namespace {

using berth::os::UniqueFd;

constexpr int kUsageError = 2;

/// "4,5": the numbers of open descriptors, which we own from here on.
bool take_descriptors(std::string_view list, std::vector<UniqueFd>& fds) {
  while (!list.empty()) {
    int number = -1;
    const auto [stop, error] = std::from_chars(list.data(), list.data() + list.size(), number);
    constexpr int kFirst = 3;
    if (error != std::errc() || number < kFirst)
      return false;
    fds.emplace_back(number);
    list.remove_prefix(static_cast<std::size_t>(stop - list.data()));
    if (!list.empty() && (list.front() != ',' || list.size() == 1))
      return false;
    if (!list.empty())
      list.remove_prefix(1);
  }
  return !fds.empty();
}

void give_up_files(const berth::ProxySpec& spec) {
  if (const auto given_up = berth::os::keep_only(berth::proxy::needed_files(spec)); !given_up)
    berth::proxy::report("it could still open any file: " + given_up.error().message);
}

int usage() {
  std::fputs(
      "usage: berth-proxy --control FD --listen FD[,FD ...] [--metrics FD[,FD ...]]\n"
      "It is started by berth(8), see berth-proxy(8).\n",
      stderr);
  return kUsageError;
}

}  // namespace

int main(int argc, char** argv) {
  berth::os::secure_standard_fds();
  berth::os::raise_nofile();
  std::vector<UniqueFd> control;
  berth::proxy::Server::Sockets sockets;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view option = argv[i];
    const bool known = option == "--control"   ? take_descriptors(argv[i + 1], control)
                       : option == "--listen"  ? take_descriptors(argv[i + 1], sockets.listeners)
                       : option == "--metrics" ? take_descriptors(argv[i + 1], sockets.metrics)
                                               : false;
    if (!known)
      return usage();
  }
  if (argc % 2 == 0 || control.size() != 1)
    return usage();
  sockets.control = std::move(control.front());
  if (const auto given_up = berth::os::give_up_dangerous_calls(); !given_up)
    std::fprintf(stderr, "without a filter of system calls: %s\n",
                 given_up.error().message.c_str());

  // A pipe without reader is an error code here; children of ours need no funeral.
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGCHLD, SIG_IGN);
  const berth::os::BorrowedFd output(1);
  const berth::os::BorrowedFd errors(2);
  for (const berth::os::BorrowedFd each : {output, errors}) {
    if (berth::os::is_pipe(each) || berth::os::is_socket(each))
      berth::os::make_nonblocking(each);
  }
  const berth::os::SystemClock clock;
  berth::os::EventLoop loop(clock);
  berth::proxy::Server server(loop, std::move(sockets), output);
  server.set_confine(give_up_files);
  return server.run();
}
