// `berthctl is-active` and `is-failed`: questions that scripts ask by the exit status.
#pragma once

#include "init/ctl/berth_link.h"
#include "init/ctl/options.h"
#include "init/ctl/output.h"

namespace berth::ctl {

/// Prints the state of each unit. Returns kSuccess if all are active, else kNotActive.
int check_active(const Invocation& invocation, BerthLink& berth, const Output& output);
/// The same, without units of all that have failed. Returns kSuccess if one has failed, else
/// kFailure.
int check_failed(const Invocation& invocation, BerthLink& berth, const Output& output);

/// Those that have failed.
std::vector<UnitRow> only_failed(std::vector<UnitRow> rows);

}  // namespace berth::ctl
