// What the kernel lets berth do. The only code with libcap.
#pragma once

#include "units/capabilities.h"

namespace berth {

/// Whether berth may give its children other ids (CAP_SETUID and CAP_SETGID are effective). uid 0
/// alone does not tell: a container may run as root without them, and as another user with them.
bool may_change_ids();
/// What berth was granted (its permitted set): no child can have more.
CapabilitySet own_capabilities();

}  // namespace berth
