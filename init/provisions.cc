// Words for the helper, and what becomes of its answer.
#include "init/provisions.h"

#include <cstdio>

#include "init/log.h"
#include "init/os/files.h"
#include "init/os/pipe.h"
#include "init/os/private_files.h"

namespace berth {
namespace {

using Words = std::vector<std::string>;

std::string all_credentials(const Settings& settings) {
  return settings.run_dir() + "/credentials";
}

/// Whom what is made for a unit belongs to; empty = berth.
struct Owner {
  std::string uid, gid;
};

Result<Owner> owner_of(const UnitRuntime& unit) {
  Owner owner;
  const ProcessSpec& process = unit.unit.process;
  if (!process.user.empty()) {
    const auto user = find_user(process.user, unit.life.names);
    if (!user)
      return Error{user.error().code,
                   "[process] user \"" + process.user + "\": " + user.error().message};
    owner = {std::to_string(user->uid), std::to_string(user->gid)};
  }
  if (!process.group.empty())
    owner.gid = std::to_string(BERTH_TRY(find_group(process.group, unit.life.names)));
  return owner;
}

void add_directories(const ProcessSpec& process, const Owner& owner, Words& words) {
  for (const DirectorySpec& directory : process.directories) {
    char mode[16];
    std::snprintf(mode, sizeof mode, "%04o", directory.mode);
    const bool units_own = directory.user.empty() || directory.user == process.user;
    const std::string& group = directory.group.empty() && units_own ? owner.gid : directory.group;
    words.insert(words.end(), {"directory", directory.path, units_own ? owner.uid : directory.user,
                               group, mode, directory.recursive ? "recursive" : "alone"});
  }
}

void add_credentials(const ProcessSpec& process, const Owner& owner, const std::string& folder,
                     Words& words) {
  if (process.credentials.empty())
    return;
  words.insert(words.end(), {"credentials", folder, owner.uid, owner.gid});
  for (const CredentialSpec& credential : process.credentials)
    words.insert(words.end(), {"credential", credential.name, credential.path});
}

bool has_variable_files(const ProcessSpec& process) {
  return !process.env_files.empty() || !process.secrets.empty();
}

void add_variable_files(const ProcessSpec& process, Words& words) {
  for (const EnvFileSpec& file : process.env_files)
    words.insert(words.end(), {file.may_be_missing ? "optional-file" : "file", file.path});
  if (!process.secrets.empty())
    words.insert(words.end(), {"secrets", process.secrets});
}

std::string joined(const Words& words) {
  std::string text;
  for (const std::string& word : words)
    text += (text.empty() ? "" : ", ") + word;
  return text;
}

}  // namespace

Provisions::Provisions(os::EventLoop& loop, Reaper& reaper, LogHub& logs, const Launcher& launcher,
                       const Settings& settings)
    : loop_(loop), reaper_(reaper), logs_(logs), launcher_(launcher), settings_(settings) {
  const std::string all = all_credentials(settings);
  const auto left = settings.has_run_dir ? os::list_folder(all) : Words{};
  for (const std::string& name : left ? *left : Words{})
    if (const auto removed = os::remove_private_folder(all + "/" + name); !removed)
      log_warning(removed.error().message);
}

std::string Provisions::credentials_folder(const Settings& settings, const UnitRuntime& unit) {
  return all_credentials(settings) + "/" + unit.unit.name.escaped();
}

void Provisions::provide(UnitRuntime& unit, Done done) {
  auto words = words_for(unit);
  if (!words)
    return done(words.error().message);
  if (words->empty())
    return done(std::nullopt);
  auto started = start_helper(unit, *std::move(words));
  if (!started)
    return done(started.error().message);
  unit.life.provider = std::make_unique<HelperRun>(
      loop_, reaper_, *std::move(started),
      [this, &unit, done = std::move(done)](Result<std::string> said) {
        const auto finished = std::move(unit.life.provider);  // dies after the callback it is in
        if (!said)
          return done(said.error().message);
        if (!said->empty())
          logs_.unit_line(unit.name(), LogLevel::warning, *said);
        done(std::nullopt);
      });
}

Result<std::vector<std::string>> Provisions::words_for(const UnitRuntime& unit) const {
  Words words;
  // A proxy reads what strangers send: it gets no secret, whatever berth.toml gives to all units.
  const bool is_proxy = unit.unit.kind == UnitKind::proxy;
  const ProcessSpec& process = unit.unit.process;
  const bool gets_credentials = !is_proxy && !process.credentials.empty();
  if (gets_credentials && !settings_.has_run_dir)
    return Error{ErrorCode::unavailable, "credentials: there is no run dir to keep them in"};
  if (process.directories.empty() && !gets_credentials && !has_variable_files(process) &&
      process.required_env.empty())
    return words;
  const Owner owner = BERTH_TRY(owner_of(unit));
  add_directories(process, owner, words);
  if (is_proxy)
    return words;
  add_credentials(process, owner, credentials_folder(settings_, unit), words);
  add_variable_files(process, words);
  const UnitEnvironment environment = BERTH_TRY(launcher_.environment_of(unit));
  const Words missing = environment.missing(process.required_env);
  if (!missing.empty() && !has_variable_files(process))
    return Error{ErrorCode::not_found, "required_env: not set: " + joined(missing)};
  for (const std::string& name : missing)
    words.insert(words.end(), {"required", name});
  return words;
}

Result<HelperRun::Started> Provisions::start_helper(UnitRuntime& unit,
                                                    std::vector<std::string> words) const {
  const ProcessSpec& process = unit.unit.process;
  if (!process.credentials.empty())
    BERTH_TRY(os::make_folder(all_credentials(settings_), 0711));
  if (has_variable_files(process) && unit.unit.kind != UnitKind::proxy)
    unit.life.environment_file = BERTH_TRY(os::make_memory_file("environment"));
  os::Pipe messages = BERTH_TRY(os::make_pipe());
  Command command;
  words.insert(words.begin(), "prepare");
  command.argv = launcher_.helper_argv(std::move(words));
  HelperRun::Started started;
  started.helper = BERTH_TRY(launcher_.spawn_probe(
      "", {}, command, unit.life.environment_file.borrow(), messages.write_end.borrow()));
  started.messages = std::move(messages.read_end);
  return started;
}

void Provisions::withdraw(UnitRuntime& unit) const {
  unit.life.environment_file.reset();
  if (unit.unit.process.credentials.empty() || !settings_.has_run_dir)
    return;
  if (const auto removed = os::remove_private_folder(credentials_folder(settings_, unit)); !removed)
    logs_.unit_line(unit.name(), LogLevel::error, removed.error().message);
}

}  // namespace berth
