// Where berth's own programs are.
#include "init/settings.h"

#include "init/os/files.h"

namespace berth {

std::string Settings::program(const std::string& name) const {
  const std::string beside = programs + "/" + name;
  return os::exists(beside) ? beside : programs + "/../lib/berth/" + name;
}

}  // namespace berth
