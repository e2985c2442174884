// Fuzz target: any bytes as an environment file. Names are names, no value holds a zero byte,
// errors have a line.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "units/env_file.h"
#include "units/expansion.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto variables = berth::parse_env_file(text, "/x");
  if (!variables) {
    if (!variables.error().message.starts_with("/x:"))
      std::abort();
    return 0;
  }
  for (const auto& [name, value] : *variables)
    if (!berth::is_variable_name(name) || value.find('\0') != value.npos || value.size() > size)
      std::abort();
  return 0;
}
