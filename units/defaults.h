// berth.toml: the settings of berth itself, and the defaults for all units.
#pragma once

#include "units/blueprint.h"

namespace berth {

/// Reads the tree of berth.toml: what concerns berth goes to `config`; what is a default for units
/// ([process], [log]) comes back as a tree to put under every unit's, without what is wrong in it.
Node read_defaults(Node root, LoadState& load, BerthConfig& config);

}  // namespace berth
