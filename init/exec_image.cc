// Building the image of a process: what it runs, as whom, with which environment and limits.
#include "init/exec_image.h"

#include <algorithm>
#include <string_view>

#include <sys/stat.h>
#include <unistd.h>

#include "init/allocator.h"
#include "init/os/resource_limits.h"
#include "init/unit_environment.h"

namespace berth {
namespace {

// Who a process is to be; `who` names the key for messages.
struct Person {
  std::optional<Identity> user;
  std::string who;
};

Error at_key(const std::string& key, const std::string& value, Error error) {
  error.message = key + " \"" + value + "\": " + error.message;
  return error;
}

Result<Person> find_person(const Unit& unit, const Command& command, const FoundNames& names) {
  if (unit.process.user.empty() && command.user.empty())
    return Person{};
  const bool own = !command.user.empty();
  const std::string& wanted = own ? command.user : unit.process.user;
  const std::string table = unit.kind == UnitKind::proxy ? "[proxy]" : "[process]";
  const std::string key = own ? "user of the command" : table + " user";
  Result<Identity> user = find_user(wanted, names);
  if (!user)
    return at_key(key, wanted, std::move(user).error());
  return Person{*std::move(user), key + " \"" + wanted + "\""};
}

std::vector<gid_t> own_groups() {
  const int count = ::getgroups(0, nullptr);
  std::vector<gid_t> groups(static_cast<std::size_t>(std::max(count, 0)));
  if (::getgroups(static_cast<int>(groups.size()), groups.data()) != count)
    groups.clear();
  return groups;
}

// [process] group and groups, over what the user brings along.
Result<void> add_groups(const ProcessSpec& process, const FoundNames& names, os::ExecImage& image) {
  if (!process.group.empty()) {
    const Result<gid_t> gid = find_group(process.group, names);
    if (!gid)
      return at_key("[process] group", process.group, gid.error());
    image.gid = *gid;
    image.groups.push_back(*gid);
  }
  for (const std::string& name : process.groups) {
    const Result<gid_t> gid = find_group(name, names);
    if (!gid)
      return at_key("[process] groups", name, gid.error());
    image.groups.push_back(*gid);
    if (!image.gid.has_value())
      image.gid = ::getegid();
  }
  return {};
}

Result<void> check_own_groups(const ProcessSpec& process, const FoundNames& names) {
  const std::vector<gid_t> ours = own_groups();
  for (const std::string& name : process.groups) {
    const gid_t gid = BERTH_TRY(find_group(name, names));
    if (gid != ::getegid() && std::find(ours.begin(), ours.end(), gid) == ours.end())
      return Error{ErrorCode::denied,
                   "[process] groups \"" + name + "\": berth does not run as root"};
  }
  return {};
}

// Without the right to change ids, only what berth is already can be asked for.
Result<void> stay_as_we_are(const Unit& unit, const Command& command, const Person& person,
                            const FoundNames& names, os::ExecImage& image) {
  if (image.uid.has_value() && *image.uid != ::geteuid())
    return Error{ErrorCode::denied, person.who + ": berth does not run as root"};
  if (image.gid.has_value() && *image.gid != ::getegid())
    return Error{ErrorCode::denied, "[process] group: berth does not run as root"};
  if (command.user.empty())
    BERTH_TRY(check_own_groups(unit.process, names));
  image.uid.reset();
  image.gid.reset();
  image.groups.clear();
  return {};
}

// A command with a user of its own is no less and no more than that user.
Result<std::optional<CapabilitySet>> capabilities_of(const Unit& unit, const Command& command,
                                                     uid_t uid, CapabilitySet ours) {
  const auto& wanted = unit.process.capabilities;
  if (!wanted || !command.user.empty())
    return uid != 0 ? std::optional(CapabilitySet{0}) : std::nullopt;
  if (const CapabilitySet missing = *wanted & ~ours; missing != 0)
    return Error{ErrorCode::denied,
                 "[process] capabilities: berth itself was not granted " + to_string(missing)};
  return wanted;
}

Result<void> set_ids(const Unit& unit, const Command& command, const Person& person,
                     const ExecContext& context, os::ExecImage& image) {
  if (person.user.has_value()) {
    image.uid = person.user->uid;
    image.gid = person.user->gid;
    image.groups = person.user->groups;
  } else if (unit.process.group.empty()) {
    image.groups = own_groups();
  }
  // A command with a user of its own has that user's groups, not the unit's.
  if (command.user.empty())
    BERTH_TRY(add_groups(unit.process, context.names, image));
  image.capabilities =
      BERTH_TRY(capabilities_of(unit, command, image.uid.value_or(0), context.capabilities));
  if (!context.is_root)
    return stay_as_we_are(unit, command, person, context.names, image);
  image.unit_gid = context.unit_gid;
  if (!image.uid.has_value() && !image.gid.has_value() && !image.unit_gid.has_value())
    image.groups.clear();
  std::sort(image.groups.begin(), image.groups.end());
  image.groups.erase(std::unique(image.groups.begin(), image.groups.end()), image.groups.end());
  return {};
}

std::map<std::string, std::string> fixed_variables(const ExecContext& context) {
  auto fixed = context.extra;
  if (context.listen_fds.empty())
    return fixed;
  std::string names;
  for (const std::string& name : context.listen_names)
    names.append(names.empty() ? "" : ":").append(name);
  fixed.insert_or_assign("LISTEN_FDS", std::to_string(context.listen_fds.size()));
  fixed.insert_or_assign("LISTEN_FDNAMES", names);
  return fixed;
}

std::string below(const std::string& folder, std::string_view path) {
  if (path.starts_with('/'))
    return std::string(path);
  return folder + (folder.ends_with('/') ? "" : "/") + std::string(path);
}

bool is_program(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) &&
         ::access(path.c_str(), X_OK) == 0;
}

// Empty entries of PATH mean the working directory to a shell: here they mean nothing.
Result<std::string> find_program(const std::string& name, const std::string& folder,
                                 const UnitEnvironment& environment) {
  if (name.find('/') != std::string::npos)
    return below(folder, name);
  const std::string* const path = environment.find("PATH");
  const std::string places = path != nullptr ? *path : "";
  for (std::string_view rest = places; !rest.empty();) {
    const std::size_t end = std::min(rest.find(':'), rest.size());
    const std::string_view entry = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    const std::string candidate = below(below(folder, entry), name);
    if (!entry.empty() && is_program(candidate))
      return candidate;
  }
  return Error{ErrorCode::not_found,
               "command \"" + name + "\": no such program in PATH \"" + places + "\""};
}

rlim_t limit_value(std::uint64_t value) {
  return value == ResourceLimit::kInfinity ? RLIM_INFINITY : static_cast<rlim_t>(value);
}

Result<void> set_limits(const ProcessSpec& process, const ExecContext& context,
                        os::ExecImage& image) {
  // berth raised its own soft limit; a child that select()s would break with it.
  if (context.original_nofile.rlim_max != 0)
    image.limits.emplace_back(RLIMIT_NOFILE, context.original_nofile);
  for (const auto& [name, limit] : process.limits) {
    const std::optional<int> known = os::limit_number(name);
    if (!known)
      return Error{ErrorCode::invalid, "[process] limits: no limit is called \"" + name + "\""};
    image.limits.emplace_back(*known, rlimit{limit_value(limit.soft), limit_value(limit.hard)});
  }
  return {};
}

}  // namespace

Result<os::ExecImage> build_exec_image(const Unit& unit, const Command& command,
                                       const ExecContext& context) {
  if (command.argv.empty() || command.argv.front().empty())
    return Error{ErrorCode::invalid, "command: names no program"};
  const ProcessSpec& process = unit.process;
  os::ExecImage image;
  const Person person = BERTH_TRY(find_person(unit, command, context.names));
  BERTH_TRY(set_ids(unit, command, person, context, image));

  UnitEnvironment environment = build_environment(
      process, context.helper ? nullptr : context.own_environment,
      person.user.has_value() ? &*person.user : nullptr, fixed_variables(context));
  if (!context.helper)
    BERTH_TRY(add_allocator(unit.memory, process.env, library_folders(), environment.variables));
  image.program =
      BERTH_TRY(find_program(command.argv.front(), process.working_directory, environment));
  image.argv = command.argv;
  image.environment = environment.lines();
  image.fixed_variables = environment.fixed.size();
  image.environment_file = context.environment_file;
  BERTH_TRY(set_limits(process, context, image));

  image.working_directory = process.working_directory;
  image.standard_input = context.standard_input;
  image.standard_output = context.standard_output;
  image.standard_error = context.standard_error;
  image.passed_fds = context.listen_fds;
  image.passed_fds.insert(image.passed_fds.end(), context.other_fds.begin(),
                          context.other_fds.end());
  image.listen_pid = !context.listen_fds.empty();
  image.terminal = process.tty;
  image.terminal_input = process.standard_input.value_or(StandardInput::tty) == StandardInput::tty;
  image.watchdog_pid = context.watchdog_pid;
  image.umask = process.umask;
  image.nice = process.nice;
  image.oom_score_adj = process.oom_score_adj ? process.oom_score_adj : context.oom_score_adj;
  image.no_new_privileges = process.no_new_privileges;
  image.cgroup = context.cgroup;
  image.more_cgroups = context.more_cgroups;
  image.no_huge_pages = context.no_huge_pages;
  image.merge_pages = context.merge_pages;
  return image;
}

}  // namespace berth
