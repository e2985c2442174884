// libcap.
#include "init/privileges.h"

#include <memory>
#include <type_traits>

#include <sys/capability.h>

namespace berth {
namespace {

struct FreeCapabilities {
  void operator()(cap_t capabilities) const { ::cap_free(capabilities); }
};
using Capabilities = std::unique_ptr<std::remove_pointer_t<cap_t>, FreeCapabilities>;

bool has(cap_t capabilities, cap_value_t one) {
  cap_flag_value_t value = CAP_CLEAR;
  return ::cap_get_flag(capabilities, one, CAP_EFFECTIVE, &value) == 0 && value == CAP_SET;
}

}  // namespace

bool may_change_ids() {
  const Capabilities own(::cap_get_proc());
  return own != nullptr && has(own.get(), CAP_SETUID) && has(own.get(), CAP_SETGID);
}

}  // namespace berth
