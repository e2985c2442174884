// Readers of the values that one key alone has: environments, limits, readiness, exits, ports.
#pragma once

#include "units/key_value.h"

namespace berth {

/// `env`: adds to `out`; `NAME = false` unsets.
void read_environment(Value& value, std::map<std::string, std::optional<std::string>>& out);
/// `env` of [unit.condition]: a name, or a table of names and values.
void read_condition_env(Value& value, std::map<std::string, std::optional<std::string>>& out);
void read_inherit_env(Value& value, InheritEnv& out);
/// [memory] `limit`, `high`: at least a mebibyte.
void read_memory_size(Value& value, std::optional<Bytes>& out);
/// `limits`: { nofile = 65536, core = "infinity", nproc = "100:200" }
void read_limits(Value& value, std::map<std::string, ResourceLimit>& out);
/// `success_exit`: codes and signals.
void read_success_exit(Value& value, ServiceSpec& out);
/// `on` of a job: a word, or a list of words.
void read_triggers(Value& value, std::optional<TriggerSet>& out);
/// `every` of a job: a second at least.
void read_every(Value& value, Milliseconds& out);
/// `schedule` of a job.
void read_schedule(Value& value, std::optional<CronSchedule>& out);
/// `ports`: "4000-4999"
void read_port_range(Value& value, TenantSpec& out);

/// The ways of `ready` and `health`. In a tenant, an address that ends in ${port}, or is ${socket},
/// means its endpoint.
void read_probe_http(Value& value, ProbeSpec& out);
void read_probe_tcp(Value& value, ProbeSpec& out);
void read_probe_unix(Value& value, ProbeSpec& out);
void read_probe_file(Value& value, ProbeSpec& out);
/// `notify`: true
void read_probe_notify(Value& value, ProbeSpec& out);
/// `log`: a glob
void read_probe_log(Value& value, ProbeSpec& out);
void read_probe_command(Value& value, ProbeSpec& out);
/// `status`: "2xx,3xx", "200", "200-204", "any"
void read_probe_status(Value& value, ProbeSpec& out);

/// The name of a passed socket, as sd_listen_fds(3) has it: at most 255 printable ASCII characters
/// without ':'.
void read_socket_name(Value& value, std::string& out);

/// A URL prefix: begins and ends with '/', nothing in it that a client would escape or resolve.
void read_url_prefix(Value& value, std::string& out);
/// An absolute path in a URL.
void read_url_path(Value& value, std::string& out);
/// A file's path below the folder of another key.
void read_relative_path(Value& value, std::string& out);
/// `hosts`: names in lower case, without ports.
void read_hosts(Value& value, std::vector<std::string>& out);
/// `public`: "/x", "/x/", "*.ext"
void read_public_paths(Value& value, std::vector<std::string>& out);
/// File name extensions; a leading dot is dropped.
void read_extensions(Value& value, std::vector<std::string>& out);
/// HTTP methods, in upper case.
void read_methods(Value& value, std::vector<std::string>& out);

/// `rotate_keep`: each rotation renames as many files.
void read_rotate_keep(Value& value, std::uint32_t& out);

}  // namespace berth
