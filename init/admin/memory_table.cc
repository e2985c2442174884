// Memory per unit.
#include "init/admin/memory_table.h"

#include <array>
#include <charconv>

namespace berth::admin {
namespace {

constexpr std::uint64_t kKilobyte = 1024;
constexpr std::string_view kOwnKind = "berth";

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

void add(std::optional<std::uint64_t>& sum, const std::optional<std::uint64_t>& part) {
  sum = sum.has_value() && part.has_value() ? std::optional(*sum + *part) : std::nullopt;
}

UnitMemory sum_of(std::string name, std::string kind, const std::vector<std::int32_t>& pids,
                  const ProcessTable& processes, bool complete) {
  UnitMemory unit{std::move(name), std::move(kind), 0, ProcessMemory{0, 0, 0, 0}};
  for (const std::int32_t pid : pids) {
    const auto found = processes.find(pid);
    if (found == processes.end() && complete)
      continue;
    const ProcessMemory part = found != processes.end() ? found->second : ProcessMemory{};
    ++unit.processes;
    add(unit.sum.resident, part.resident);
    add(unit.sum.proportional, part.proportional);
    add(unit.sum.private_memory, part.private_memory);
    add(unit.sum.swapped, part.swapped);
  }
  return unit;
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

std::vector<UnitMemory> join_memory(const Snapshot& snapshot, const ProcessTable& processes,
                                    bool complete) {
  std::vector<UnitMemory> units;
  // berth's own processes live for sure: not measured means unknown.
  units.push_back(sum_of("berth", std::string(kOwnKind), {snapshot.berth_pid}, processes, false));
  units.push_back(
      sum_of("berth-admin", std::string(kOwnKind), {snapshot.admin_pid}, processes, false));
  for (const UnitStatus& unit : snapshot.units) {
    UnitMemory memory = sum_of(unit.name, kind_name(unit.kind), unit.pids, processes, complete);
    if (memory.processes > 0)
      units.push_back(std::move(memory));
  }
  return units;
}

std::string kind_name(UnitKind kind) {
  switch (kind) {
    case UnitKind::service:
      return "service";
    case UnitKind::job:
      return "job";
    case UnitKind::tenant:
      return "tenant";
    case UnitKind::proxy:
      return "proxy";
  }
  return "unknown";  // from a newer PID 1
}

}  // namespace berth::admin
