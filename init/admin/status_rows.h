// Units, tenants, lines and figures of memory as the methods of org.berth.Manager1 carry them: what
// PID 1 tells, as UTF-8.
#pragma once

#include <map>
#include <string>
#include <vector>

#include <sdbus-c++/sdbus-c++.h>

#include "init/admin/memory_run.h"
#include "units/control.h"
#include "units/snapshot.h"

namespace berth::admin {

using Dictionary = std::map<std::string, sdbus::Variant>;
using UnitRow =
    sdbus::Struct<std::string, std::string, std::string, bool, std::string, std::string,
                  std::uint32_t, std::uint64_t, std::uint32_t, std::string, std::uint64_t>;
using RunRow = sdbus::Struct<std::string, std::uint64_t, std::uint64_t, bool, std::string,
                             std::vector<std::string>>;
using TenantRow =
    sdbus::Struct<std::string, std::string, std::string, std::string, std::uint32_t, std::uint64_t,
                  std::uint64_t, std::uint64_t, std::uint64_t, bool, std::uint64_t, std::uint64_t>;
using LogRow = sdbus::Struct<std::uint64_t, std::string, std::string>;
using MemoryRow = sdbus::Struct<std::string, std::string, std::uint32_t, std::int64_t, std::int64_t,
                                std::int64_t, std::int64_t, std::int64_t, std::string>;

std::vector<UnitRow> unit_rows(const Snapshot& snapshot);
std::vector<TenantRow> tenant_rows(const Snapshot& snapshot);
/// All that is known of one unit.
Dictionary status_of(const UnitStatus& unit);
/// What is true of berth as a whole.
Dictionary system_of(const Snapshot& snapshot);
/// The newest `limit` lines, 0 = all.
std::vector<LogRow> log_rows(const LogTail& tail, std::uint32_t limit);
std::vector<MemoryRow> memory_rows(const MemoryReport& report);
std::string result_name(control::JobResult result);
std::vector<std::string> valid_utf8(const std::vector<std::string>& texts);

}  // namespace berth::admin
