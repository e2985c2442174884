// What the kernel lets berth do. The only code with libcap.
#pragma once

namespace berth {

/// Whether berth may give its children other ids (CAP_SETUID and CAP_SETGID are effective). uid 0
/// alone does not tell: a container may run as root without them, and as another user with them.
bool may_change_ids();

}  // namespace berth
