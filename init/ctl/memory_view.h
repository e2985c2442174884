// `berthctl memory`: what each unit costs, and the sums that the bill is made of.
#pragma once

#include <string>

#include "init/ctl/model.h"
#include "init/ctl/output.h"

namespace berth::ctl {

/// A sum over rows. Figures that are missing are left out of it, and `complete` is false then.
struct MemorySum {
  std::uint64_t rss = 0, pss = 0, private_memory = 0, swap = 0;
  std::uint32_t processes = 0;
  bool complete = true;
};
/// baseline = everything that is no tenant, berth itself included.
struct MemorySums {
  MemorySum baseline, tenants, total;
};
MemorySums sum_memory(const MemoryReport& report);

std::string memory_text(MemoryReport report, const Output& output);
std::string memory_json(const MemoryReport& report);

}  // namespace berth::ctl
