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

bool has(cap_t capabilities, cap_value_t one, cap_flag_t set) {
  cap_flag_value_t value = CAP_CLEAR;
  return ::cap_get_flag(capabilities, one, set, &value) == 0 && value == CAP_SET;
}

}  // namespace

bool may_change_ids() {
  const Capabilities own(::cap_get_proc());
  return own != nullptr && has(own.get(), CAP_SETUID, CAP_EFFECTIVE) &&
         has(own.get(), CAP_SETGID, CAP_EFFECTIVE);
}

CapabilitySet own_capabilities() {
  const Capabilities own(::cap_get_proc());
  CapabilitySet set = 0;
  // Beyond the last one that the kernel knows, none is set.
  for (cap_value_t one = 0; own != nullptr && one < 64; ++one)
    if (has(own.get(), one, CAP_PERMITTED))
      set |= CapabilitySet{1} << one;
  return set;
}

}  // namespace berth
