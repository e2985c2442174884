// Reading the lines of a probe.
#include "units/process_memory.h"

#include <array>
#include <charconv>

namespace berth {
namespace {

constexpr std::uint64_t kKilobyte = 1024;

/// The next word of `line`, which is shortened by it.
std::string_view next_word(std::string_view& line) {
  const std::size_t start = line.find_first_not_of(' ');
  if (start == std::string_view::npos) {
    line = {};
    return {};
  }
  line.remove_prefix(start);
  const std::string_view word = line.substr(0, line.find(' '));
  line.remove_prefix(word.size());
  return word;
}

template <typename Number>
std::optional<Number> number_of(std::string_view word) {
  Number value{};
  const auto parsed = std::from_chars(word.data(), word.data() + word.size(), value);
  if (parsed.ec != std::errc() || parsed.ptr != word.data() + word.size())
    return std::nullopt;
  return value;
}

void parse_line(std::string_view line, ProcessTable& table) {
  const auto pid = number_of<std::int32_t>(next_word(line));
  if (!pid.has_value())
    return;
  std::array<std::optional<std::uint64_t>, 4> bytes;
  for (auto& each : bytes) {
    const std::string_view word = next_word(line);
    if (word.empty())
      return;  // cut short
    each = number_of<std::uint64_t>(word);
    if (each.has_value())
      *each *= kKilobyte;
  }
  table[*pid] = ProcessMemory{bytes[0], bytes[1], bytes[2], bytes[3]};
}

}  // namespace

ProcessTable parse_probe_lines(std::string_view text) {
  ProcessTable table;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos)
      break;  // the probe was cut off within this line: half a number is a wrong number
    parse_line(text.substr(0, end), table);
    text.remove_prefix(end + 1);
  }
  return table;
}

}  // namespace berth
