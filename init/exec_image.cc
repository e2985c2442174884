// Building the image of a process: what it runs, as whom, with which environment and limits.
#include "init/exec_image.h"

#include <algorithm>
#include <array>
#include <string_view>

#include <fnmatch.h>
#include <sys/stat.h>
#include <unistd.h>

namespace berth {
namespace {

using Environment = std::map<std::string, std::string>;

constexpr std::string_view kDefaultPath =
    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
constexpr std::string_view kDefaultShell = "/bin/sh";

// What berth's own supervisor said to berth is not meant for its children: a child that answered
// would answer for berth.
constexpr std::array<const char*, 6> kNeverInherited = {
    "LISTEN_FDS", "LISTEN_FDNAMES", "LISTEN_PID", "NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC",
};

struct LimitName {
  std::string_view name;
  int resource;
};
constexpr std::array<LimitName, 16> kLimits = {{
    {"as", RLIMIT_AS},
    {"core", RLIMIT_CORE},
    {"cpu", RLIMIT_CPU},
    {"data", RLIMIT_DATA},
    {"fsize", RLIMIT_FSIZE},
    {"locks", RLIMIT_LOCKS},
    {"memlock", RLIMIT_MEMLOCK},
    {"msgqueue", RLIMIT_MSGQUEUE},
    {"nice", RLIMIT_NICE},
    {"nofile", RLIMIT_NOFILE},
    {"nproc", RLIMIT_NPROC},
    {"rss", RLIMIT_RSS},
    {"rtprio", RLIMIT_RTPRIO},
    {"rttime", RLIMIT_RTTIME},
    {"sigpending", RLIMIT_SIGPENDING},
    {"stack", RLIMIT_STACK},
}};

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
  const std::string key = own ? "user of the command" : "[process] user";
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

// Without the right to change ids, only what berth is already can be asked for.
Result<void> stay_as_we_are(const Person& person, os::ExecImage& image) {
  if (image.uid.has_value() && *image.uid != ::geteuid())
    return Error{ErrorCode::denied, person.who + ": berth does not run as root"};
  if (image.gid.has_value() && *image.gid != ::getegid())
    return Error{ErrorCode::denied, "[process] group: berth does not run as root"};
  image.uid.reset();
  image.gid.reset();
  image.groups.clear();
  return {};
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
  if (!context.is_root)
    return stay_as_we_are(person, image);
  image.unit_gid = context.unit_gid;
  image.drop_capabilities = image.uid.value_or(0) != 0;
  if (!image.uid.has_value() && !image.gid.has_value() && !image.unit_gid.has_value())
    image.groups.clear();
  std::sort(image.groups.begin(), image.groups.end());
  image.groups.erase(std::unique(image.groups.begin(), image.groups.end()), image.groups.end());
  return {};
}

bool is_inherited(const InheritEnv& inherit, const std::string& name) {
  if (std::find(kNeverInherited.begin(), kNeverInherited.end(), name) != kNeverInherited.end())
    return false;
  if (inherit.all)
    return true;
  return std::any_of(inherit.names.begin(), inherit.names.end(), [&](const std::string& glob) {
    return ::fnmatch(glob.c_str(), name.c_str(), 0) == 0;
  });
}

Environment inherited(const Unit& unit, const ExecContext& context) {
  Environment environment;
  if (context.helper)
    return environment;
  for (const auto& [name, value] : *context.own_environment)
    if (is_inherited(unit.process.inherit_env, name))
      environment[name] = value;
  return environment;
}

void describe_user(const Identity& user, Environment& environment) {
  const std::string name = user.name.empty() ? std::to_string(user.uid) : user.name;
  environment["USER"] = name;
  environment["LOGNAME"] = name;
  environment["HOME"] = user.home.empty() ? "/" : user.home;
  environment["SHELL"] = user.shell.empty() ? kDefaultShell : user.shell;
}

void describe_listen_fds(const ExecContext& context, Environment& environment) {
  if (context.listen_fds.empty())
    return;
  std::string names;
  for (const std::string& name : context.listen_names)
    names.append(names.empty() ? "" : ":").append(name);
  environment["LISTEN_FDS"] = std::to_string(context.listen_fds.size());
  environment["LISTEN_FDNAMES"] = names;
}

Environment build_environment(const Unit& unit, const Person& person, const ExecContext& context) {
  Environment environment = inherited(unit, context);
  if (person.user.has_value())
    describe_user(*person.user, environment);
  environment.emplace("PATH", kDefaultPath);
  for (const auto& [name, value] : unit.process.env) {
    if (value.has_value())
      environment[name] = *value;
    else
      environment.erase(name);
  }
  describe_listen_fds(context, environment);
  for (const auto& [name, value] : context.extra)
    environment[name] = value;
  return environment;
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
                                 const Environment& environment) {
  if (name.find('/') != std::string::npos)
    return below(folder, name);
  const auto path = environment.find("PATH");
  const std::string places = path != environment.end() ? path->second : "";
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
    const auto known =
        std::find_if(kLimits.begin(), kLimits.end(),
                     [&wanted = name](const LimitName& entry) { return entry.name == wanted; });
    if (known == kLimits.end())
      return Error{ErrorCode::invalid, "[process] limits: no limit is called \"" + name + "\""};
    image.limits.emplace_back(known->resource,
                              rlimit{limit_value(limit.soft), limit_value(limit.hard)});
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

  const Environment environment = build_environment(unit, person, context);
  image.program =
      BERTH_TRY(find_program(command.argv.front(), process.working_directory, environment));
  image.argv = command.argv;
  for (const auto& [name, value] : environment)
    image.environment.push_back(std::string(name).append("=").append(value));
  BERTH_TRY(set_limits(process, context, image));

  image.working_directory = process.working_directory;
  image.standard_output = context.standard_output;
  image.standard_error = context.standard_error;
  image.passed_fds = context.listen_fds;
  image.passed_fds.insert(image.passed_fds.end(), context.other_fds.begin(),
                          context.other_fds.end());
  image.listen_pid = !context.listen_fds.empty();
  image.watchdog_pid = context.watchdog_pid;
  image.umask = process.umask;
  image.nice = process.nice;
  image.oom_score_adj = process.oom_score_adj;
  image.no_new_privileges = process.no_new_privileges;
  return image;
}

}  // namespace berth
