// Figures: what PID 1 counts for whoever watches it from outside, as it tells them to a proxy that
// is asked for its metrics.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace berth {

/// How long something took, over many times: a histogram.
struct DurationFigures {
  /// Upper ends of the buckets, inclusive; the last bucket has none.
  static constexpr std::array<std::uint32_t, 12> kBoundsMs = {
      5, 10, 25, 50, 100, 250, 500, 1'000, 2'500, 5'000, 10'000, 30'000};
  std::vector<std::uint64_t> counts = std::vector<std::uint64_t>(kBoundsMs.size() + 1);
  std::uint64_t sum_us = 0;

  void add(std::chrono::microseconds duration) {
    const auto us = static_cast<std::uint64_t>(std::max<std::int64_t>(duration.count(), 0));
    const auto* bound =
        std::lower_bound(kBoundsMs.begin(), kBoundsMs.end(), us,
                         [](std::uint64_t ms, std::uint64_t value) { return ms * 1'000 < value; });
    ++counts[static_cast<std::size_t>(bound - kBoundsMs.begin())];
    sum_us += us;
  }
  template <class Self, class V>
  static void fields(Self& s, V& v) {
    v(s.counts);
    v(s.sum_us);
  }
  bool operator==(const DurationFigures&) const = default;
};

/// Units that are counted together, so that ten thousand tenants make no ten thousand lines.
struct ClassFigures {
  std::string name;  ///< see class_of()
  std::uint32_t running = 0;
  std::uint32_t starting = 0;
  std::uint64_t starts = 0;    ///< that ended in a unit that was up
  std::uint64_t restarts = 0;  ///< after a back-off, by berth itself
  std::uint64_t failures = 0;  ///< entered failed or back-off
  DurationFigures start_times;
  template <class Self, class V>
  static void fields(Self& s, V& v) {
    v(s.name);
    v(s.running);
    v(s.starting);
    v(s.starts);
    v(s.restarts);
    v(s.failures);
    v(s.start_times);
  }
  bool operator==(const ClassFigures&) const = default;
};

struct UnitMemory {
  std::string unit;
  std::string by;  ///< "cgroup v2", "cgroup v1", "PSS", "RSS" (of the main process alone)
  std::uint64_t bytes = 0;
  template <class Self, class V>
  static void fields(Self& s, V& v) {
    v(s.unit);
    v(s.by);
    v(s.bytes);
  }
  bool operator==(const UnitMemory&) const = default;
};

struct SystemFigures {
  std::vector<ClassFigures> classes;  ///< by name
  std::vector<UnitMemory> memory;     ///< of units that have processes
  template <class Self, class V>
  static void fields(Self& s, V& v) {
    v(s.classes);
    v(s.memory);
  }
  bool operator==(const SystemFigures&) const = default;
};

/// "app@" for all instances of a template, else the unit's own name.
inline std::string class_of(std::string_view unit) {
  const std::size_t at = unit.find('@');
  return std::string(at == unit.npos ? unit : unit.substr(0, at + 1));
}

}  // namespace berth
