// berthctl: the command line, a connection to berth, and a command.
#include <cstdlib>
#include <exception>
#include <iostream>
#include <string>
#include <vector>

#include <unistd.h>

#include "init/allocator.h"
#include "init/ctl/bus_link.h"
#include "init/ctl/commands.h"
#include "init/ctl/graph_commands.h"
#include "init/ctl/options.h"
#include "init/ctl/output.h"
#include "init/ctl/verify.h"
#include "init/os/clock.h"
#include "init/os/descriptor_limit.h"

namespace {

using namespace berth;       // NOLINT(google-build-using-namespace): main() wires
using namespace berth::ctl;  // NOLINT(google-build-using-namespace)

Output output_for(const Invocation& invocation) {
  // no-color.org: set and not empty.
  const char* no_color = std::getenv("NO_COLOR");
  const bool terminal = ::isatty(STDOUT_FILENO) == 1;
  const bool colour = terminal && invocation.colour && (no_color == nullptr || *no_color == '\0');
  return Output{std::cout, std::cerr,       terminal,
                colour,    invocation.json, os::SystemClock().wall_ms()};
}

int run(const std::vector<std::string>& words) {
  const auto invocation = parse_command_line(words);
  if (!invocation) {
    std::cerr << "berthctl: " << invocation.error().message << '\n';
    return kUsage;
  }
  const Output output = output_for(*invocation);
  if (invocation->command == CommandId::help) {
    output.out << help_text();
    return kSuccess;
  }
  if (is_offline(*invocation)) {
    const Catalog catalog = load_units(invocation->folders);
    return invocation->command == CommandId::verify
               ? show_verification(catalog, os::descriptor_limit(), library_folders(), output)
               : show_graph_of_files(*invocation, catalog, output);
  }
  const auto link = BusLink::connect(invocation->folders.run_dir);
  if (!link)
    return report(link.error(), output);
  return run_command(*invocation, **link, output);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const int status = run(std::vector<std::string>(argv + 1, argv + argc));
    std::cout.flush();
    // A full disk or a reader that went away must not look like success.
    return status == kSuccess && !std::cout.good() ? kFailure : status;
  } catch (const std::exception& error) {
    std::cerr << "berthctl: " << error.what() << '\n';
    return kFailure;
  }
}
