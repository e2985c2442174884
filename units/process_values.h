// Readers of the values that [process] alone has.
#pragma once

#include "units/key_value.h"

namespace berth {

/// `uid_range`: "61000-64999"
void read_uid_range(Value& value, ProcessSpec& out);
/// `env_file`: absolute paths, one or a list; a leading '-' = it may be missing.
void read_env_files(Value& value, std::vector<EnvFileSpec>& out);
/// `required_env`: names of variables.
void read_required_env(Value& value, std::vector<std::string>& out);
/// `credentials`: "/path/name" or "name:/path", no name twice.
void read_credentials(Value& value, std::vector<CredentialSpec>& out);
/// `capabilities`: "net_bind_service", "CAP_NET_BIND_SERVICE"
void read_capabilities(Value& value, std::optional<CapabilitySet>& out);

/// `oom_score_adj`, `nice`, `cpu_weight`: what the kernel takes.
void read_oom_score(Value& value, std::optional<int>& out);
void read_nice(Value& value, std::optional<int>& out);
void read_cpu_weight(Value& value, std::optional<std::uint32_t>& out);

}  // namespace berth
