// Inherited, then the user's, then the unit's own variables.
#include "init/unit_environment.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include <fnmatch.h>

namespace berth {
namespace {

constexpr std::string_view kDefaultPath =
    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
constexpr std::string_view kDefaultShell = "/bin/sh";

// What berth's own supervisor said to berth is not meant for its children: a child that answered
// would answer for berth.
constexpr std::array<const char*, 6> kNeverInherited = {
    "LISTEN_FDS", "LISTEN_FDNAMES", "LISTEN_PID", "NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC",
};

bool is_inherited(const InheritEnv& inherit, const std::string& name) {
  if (std::find(kNeverInherited.begin(), kNeverInherited.end(), name) != kNeverInherited.end())
    return false;
  if (inherit.all)
    return true;
  return std::any_of(inherit.names.begin(), inherit.names.end(), [&](const std::string& glob) {
    return ::fnmatch(glob.c_str(), name.c_str(), 0) == 0;
  });
}

void describe_user(const Identity& user, std::map<std::string, std::string>& environment) {
  const std::string name = user.name.empty() ? std::to_string(user.uid) : user.name;
  environment["USER"] = name;
  environment["LOGNAME"] = name;
  environment["HOME"] = user.home.empty() ? "/" : user.home;
  environment["SHELL"] = user.shell.empty() ? kDefaultShell : user.shell;
}

}  // namespace

const std::string* UnitEnvironment::find(const std::string& name) const {
  if (const auto found = fixed.find(name); found != fixed.end())
    return &found->second;
  const auto found = variables.find(name);
  return found != variables.end() ? &found->second : nullptr;
}

std::vector<std::string> UnitEnvironment::lines() const {
  std::vector<std::string> lines;
  const auto add = [&lines](const std::string& name, const std::string& value) {
    lines.push_back(std::string(name).append("=").append(value));
  };
  for (const auto& [name, value] : variables)
    if (fixed.count(name) == 0)
      add(name, value);
  for (const auto& [name, value] : fixed)
    add(name, value);
  return lines;
}

std::vector<std::string> UnitEnvironment::missing(const std::vector<std::string>& names) const {
  std::vector<std::string> missing;
  std::copy_if(names.begin(), names.end(), std::back_inserter(missing),
               [this](const std::string& name) { return find(name) == nullptr; });
  return missing;
}

UnitEnvironment build_environment(const ProcessSpec& process,
                                  const std::map<std::string, std::string>* own,
                                  const Identity* user, std::map<std::string, std::string> fixed) {
  UnitEnvironment environment;
  auto& variables = environment.variables;
  if (own != nullptr)
    std::copy_if(own->begin(), own->end(), std::inserter(variables, variables.end()),
                 [&](const auto& each) { return is_inherited(process.inherit_env, each.first); });
  if (user != nullptr)
    describe_user(*user, variables);
  variables.emplace("PATH", kDefaultPath);
  for (const auto& [name, value] : process.env) {
    if (value.has_value())
      variables[name] = *value;
    else
      variables.erase(name);
  }
  environment.fixed = std::move(fixed);
  return environment;
}

}  // namespace berth
