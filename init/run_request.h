// RunRequest: what a client of a proxy has sent for the run of a job that it has started.
#pragma once

#include <cstdint>
#include <string>

#include "init/os/fd.h"
#include "units/cgi.h"

namespace berth {

struct RunRequest {
  std::string proxy;
  std::uint32_t id = 0;  ///< of the proxy
  os::UniqueFd input;    ///< becomes standard input; open until the job has it
  os::UniqueFd output;   ///< becomes standard output; open until the job has it
  cgi::Variables variables;
};

}  // namespace berth
