// [signals] of berth.toml, whose keys are signals.
#pragma once

#include "units/blueprint.h"

namespace berth {

/// Reads the table that `member` is into `config`; what is wrong is reported and left out.
void read_signals(const Member& member, LoadState& load, BerthConfig& config);

}  // namespace berth
