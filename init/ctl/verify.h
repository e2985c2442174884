// `berthctl verify`: reads the unit files as berth would, and says what is wrong with them.
#pragma once

#include "init/ctl/output.h"
#include "units/catalog.h"

namespace berth::ctl {

/// Prints the errors of a catalog and a summary; returns the exit status.
int show_verification(const Catalog& catalog, const Output& output);

}  // namespace berth::ctl
