// The names of capabilities(7), as of Linux 6.
#include "units/capabilities.h"

#include <algorithm>
#include <array>

namespace berth {
namespace {

// In the order of their numbers.
constexpr auto kNames = std::to_array<std::string_view>({
    "chown",
    "dac_override",
    "dac_read_search",
    "fowner",
    "fsetid",
    "kill",
    "setgid",
    "setuid",
    "setpcap",
    "linux_immutable",
    "net_bind_service",
    "net_broadcast",
    "net_admin",
    "net_raw",
    "ipc_lock",
    "ipc_owner",
    "sys_module",
    "sys_rawio",
    "sys_chroot",
    "sys_ptrace",
    "sys_pacct",
    "sys_admin",
    "sys_boot",
    "sys_nice",
    "sys_resource",
    "sys_time",
    "sys_tty_config",
    "mknod",
    "lease",
    "audit_write",
    "audit_control",
    "setfcap",
    "mac_override",
    "mac_admin",
    "syslog",
    "wake_alarm",
    "block_suspend",
    "audit_read",
    "perfmon",
    "bpf",
    "checkpoint_restore",
});
constexpr std::size_t kLast = 40;
static_assert(kNames.size() == kLast + 1);

constexpr std::string_view kPrefix = "cap_";

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

}  // namespace

std::optional<unsigned> capability_number(std::string_view name) {
  std::string wanted(name);
  std::transform(wanted.begin(), wanted.end(), wanted.begin(), lower);
  if (wanted.starts_with(kPrefix)) {
    wanted.erase(0, kPrefix.size());
  }
  const auto* const found = std::find(kNames.begin(), kNames.end(), wanted);
  if (found == kNames.end()) {
    return std::nullopt;
  }
  return static_cast<unsigned>(found - kNames.begin());
}

std::vector<std::string_view> capability_names() {
  return {kNames.begin(), kNames.end()};
}

std::string to_string(CapabilitySet set) {
  std::string text;
  for (unsigned number = 0; number < 64; ++number) {
    if ((set >> number & 1U) == 0) {
      continue;
    }
    text += text.empty() ? "" : ", ";
    text += number < kNames.size() ? std::string(kNames[number]) : std::to_string(number);
  }
  return text;
}

}  // namespace berth
