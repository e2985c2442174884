// The keys of [process], [memory] and [log].
#include <array>

#include "units/key_rows.h"

namespace berth {
namespace {

constexpr std::string_view kDirectory = "[[process.directories]]";

void umask(Value& value, std::optional<std::uint32_t>& out) {
  value.octal(out.emplace());
}
void log_level(Value& value, std::string& out) {
  value.word(out, {"error", "warning", "info", "debug"});
}
void uid_range(Value& value, Draft& draft) {
  read_uid_range(value, draft.unit.process);
}
void directories(Value& value, Draft& draft) {
  entries(value, draft, draft.unit.process.directories, kDirectory, {"path"});
}

constexpr auto kKeys = std::to_array<Key>({
    {kProcessTable, "user", "user", "", kAnyKind, set<&ProcessSpec::user>},
    {kProcessTable, "group", "group", "", kAnyKind, set<&ProcessSpec::group>},
    {kProcessTable, "uid_range", "range of uids", "\"61000-64999\"", kAnyKind, uid_range},
    {kProcessTable, "groups", "list of groups", "[]", kAnyKind, set<&ProcessSpec::groups>},
    {kProcessTable, "working_directory", "absolute path", "\"/\"", kAnyKind,
     set_by<&ProcessSpec::working_directory, absolute_path>},
    {kProcessTable, "env", "table of variables", "{}", kAnyKind,
     set_by<&ProcessSpec::env, read_environment>},
    {kProcessTable, "inherit_env", "boolean or list of names", "true", kAnyKind,
     set_by<&ProcessSpec::inherit_env, read_inherit_env>},
    {kProcessTable, "env_file", "path or list of paths", "[]", kAnyKind,
     set_by<&ProcessSpec::env_files, read_env_files>},
    {kProcessTable, "required_env", "list of names", "[]", kAnyKind,
     set_by<&ProcessSpec::required_env, read_required_env>},
    {kProcessTable, "secrets", "absolute path", "", kAnyKind,
     set_by<&ProcessSpec::secrets, absolute_path>},
    {kProcessTable, "credentials", "list of files", "[]", kAnyKind,
     set_by<&ProcessSpec::credentials, read_credentials>},
    {kProcessTable, "umask", "octal digits", "", kAnyKind, set_by<&ProcessSpec::umask, umask>},
    {kProcessTable, "oom_score_adj", "number", "", kAnyKind,
     set_by<&ProcessSpec::oom_score_adj, read_oom_score>},
    {kProcessTable, "limits", "table of limits", "{}", kAnyKind,
     set_by<&ProcessSpec::limits, read_limits>},
    {kProcessTable, "nice", "number", "", kAnyKind, set_by<&ProcessSpec::nice, read_nice>},
    {kProcessTable, "no_new_privileges", "boolean", "true", kAnyKind,
     set<&ProcessSpec::no_new_privileges>},
    {kProcessTable, "capabilities", "list of capabilities", "", kAnyKind,
     set_by<&ProcessSpec::capabilities, read_capabilities>},
    {kProcessTable, "stdin", "word", "", kAnyKind, set<&ProcessSpec::standard_input>},
    {kProcessTable, "tty", "absolute path", "", kAnyKind, set_by<&ProcessSpec::tty, absolute_path>},
    {kProcessTable, "directories", "array of tables", "[]", kAnyKind, directories},
    {kProcessTable, "cpu_weight", "number", "", kAnyKind,
     set_by<&ProcessSpec::cpu_weight, read_cpu_weight>},
    {kProcessTable, "pids_max", "number", "", kAnyKind, set_by<&ProcessSpec::pids_max, count>},
    {kDirectory, "path", "absolute path", "", kAnyKind,
     set_by<&DirectorySpec::path, absolute_path>},
    {kDirectory, "user", "user", "", kAnyKind, set<&DirectorySpec::user>},
    {kDirectory, "group", "group", "", kAnyKind, set<&DirectorySpec::group>},
    {kDirectory, "mode", "octal digits", "\"0755\"", kAnyKind, set_by<&DirectorySpec::mode, octal>},
    {kDirectory, "recursive", "boolean", "false", kAnyKind, set<&DirectorySpec::recursive>},

    {kMemoryTable, "limit", "size", "", kAnyKind, set_by<&MemorySpec::limit, read_memory_size>},
    {kMemoryTable, "high", "size", "", kAnyKind, set_by<&MemorySpec::high, read_memory_size>},
    {kMemoryTable, "on_high", "word", "\"log\"", kAnyKind, set<&MemorySpec::on_high>},
    {kMemoryTable, "allocator", "word", "", kAnyKind, set<&MemorySpec::allocator>},
    {kMemoryTable, "allocator_conf", "string", "\"\"", kAnyKind, set<&MemorySpec::allocator_conf>},
    {kMemoryTable, "arenas", "number", "", kAnyKind, set_by<&MemorySpec::arenas, count>},
    {kMemoryTable, "huge_pages", "word", "\"system\"", kAnyKind, set<&MemorySpec::huge_pages>},
    {kMemoryTable, "merge", "boolean", "false", kAnyKind, set<&MemorySpec::merge>},

    {"[log]", "format", "word", "\"prefix\"", kAnyKind, set<&LogSpec::format>},
    {"[log]", "buffer", "size", "\"16K\"", kAnyKind, set<&LogSpec::buffer>},
    {"[log]", "on_stall", "word", "\"drop\"", kAnyKind, set<&LogSpec::on_stall>},
    {"[log]", "file", "absolute path", "", kAnyKind, set_by<&LogSpec::file, absolute_path>},
    {"[log]", "rotate_size", "size", "\"10M\"", kAnyKind, set<&LogSpec::rotate_size>},
    {"[log]", "rotate_keep", "number", "5", kAnyKind,
     set_by<&LogSpec::rotate_keep, read_rotate_keep>},
    {"[log]", "socket", "absolute path", "", kBerthToml,
     set_by<&BerthConfig::log_socket, absolute_path>},
    {"[log]", "buffers", "size", "\"1M\"", kBerthToml, set<&BerthConfig::log_buffers>},
    {"[log]", "level", "word", "\"info\"", kBerthToml, set_by<&BerthConfig::log_level, log_level>},
});

}  // namespace

std::span<const Key> process_keys() {
  return kKeys;
}

}  // namespace berth
