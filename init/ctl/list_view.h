// `berthctl list` and `berthctl tenants`: many units, a line each.
#pragma once

#include <string>
#include <vector>

#include "init/ctl/model.h"
#include "init/ctl/output.h"

namespace berth::ctl {

/// The rows whose names match one of `patterns` (shell globs; none = all), sorted: what serves
/// first, tenants last.
std::vector<UnitRow> select_units(std::vector<UnitRow> rows,
                                  const std::vector<std::string>& patterns);

/// With `hide_resting`, tenants that nobody wants up are counted and not listed.
std::string list_text(const std::vector<UnitRow>& rows, bool hide_resting, const Output& output);
std::string list_json(const std::vector<UnitRow>& rows);

/// Running ones first, then by path.
std::string tenants_text(std::vector<TenantRow> rows, const Output& output);
std::string tenants_json(const std::vector<TenantRow>& rows);

}  // namespace berth::ctl
