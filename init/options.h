// The command line of berth.
#pragma once

#include <string>
#include <vector>

#include "init/unit_files.h"
#include "units/result.h"

namespace berth {

struct Options {
  UnitFolders folders;
  std::vector<std::string> command;  ///< what stands after --; empty = none
  bool help = false;
  bool version = false;
};

/// `invalid` with a message for people if the command line is wrong.
Result<Options> parse_options(int argc, char** argv);
std::string usage();

}  // namespace berth
