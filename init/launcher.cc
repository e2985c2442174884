// Spawning the processes of units.
#include "init/launcher.h"

#include <cerrno>
#include <utility>

#include "init/os/errno_error.h"
#include "init/os/files.h"
#include "init/os/memory_reserve.h"
#include "init/os/pipe.h"
#include "init/provisions.h"
#include "init/sweep.h"
#include "units/expansion.h"

namespace berth {
namespace {

void expand(Command& command, const std::map<std::string, std::string>& variables) {
  for (std::string& word : command.argv)
    word = expand_at_start(word, variables);
}

/// A life whose health is asked by a command has a session every few seconds: those of which
/// nothing is left go, before their numbers are somebody else's.
void forget_ended(std::vector<pid_t>& sessions) {
  constexpr std::size_t kFew = 8;
  if (sessions.size() < kFew)
    return;
  sessions.erase(std::remove_if(sessions.begin(), sessions.end(),
                                [](pid_t session) { return !os::group_exists(session); }),
                 sessions.end());
}

// Where its key stands.
std::string table_of(os::ChildStage stage) {
  const bool of_memory = stage == os::ChildStage::huge_pages || stage == os::ChildStage::merge;
  return of_memory ? "[memory] " : stage == os::ChildStage::cgroup ? "" : "[process] ";
}

}  // namespace

Result<void> Launcher::prepare_run_dir(const UnitRuntime& unit) const {
  // A life beside another shares its folder.
  if (!settings_.has_run_dir || !unit.unit.mentions_run_dir || unit.is_successor())
    return {};
  std::optional<uid_t> uid;
  std::optional<gid_t> gid;
  if (settings_.is_root && !unit.unit.process.user.empty()) {
    const auto owner = find_user(unit.unit.process.user, unit.life.names);
    if (!owner)
      return Error{owner.error().code,
                   "[process] user \"" + unit.unit.process.user + "\": " + owner.error().message};
    uid = owner->uid;
    gid = owner->gid;
  }
  // Somebody may have removed it: whoever cleans up /tmp or /run.
  if (!os::exists(settings_.run_dir()))
    BERTH_TRY(os::make_folder(settings_.run_dir(), 0755));
  const std::string all = settings_.run_dir() + "/units-run";
  const std::string own = all + "/" + unit.unit.name.escaped();
  BERTH_TRY(os::make_folder(all, 0755));
  BERTH_TRY(os::make_folder(own, 0755, uid, gid));
  return os::empty_folder(own);
}

Unit Launcher::expanded(const UnitRuntime& unit) const {
  Unit definition = unit.unit;
  const auto variables = endpoints_.variables(unit);
  if (variables.empty())
    return definition;
  expand(definition.service.command, variables);
  for (auto& [name, value] : definition.process.env)
    if (value)
      value = expand_at_start(*value, variables);
  return definition;
}

ExecContext Launcher::context_of(const UnitRuntime& unit) const {
  ExecContext context;
  context.own_environment = &settings_.environment;
  context.original_nofile = settings_.original_nofile;
  context.is_root = settings_.is_root;
  context.capabilities = settings_.capabilities;
  context.extra["INVOCATION_ID"] = unit.life.invocation_id;
  context.extra["BERTH_UNITS_DIR"] = settings_.run_dir() + "/units";
  context.extra["BERTH_UNIT"] = unit.name();
  if (unit.life.port != 0)
    context.extra["PORT"] = std::to_string(unit.life.port);
  if (!unit.unit.process.credentials.empty())
    context.extra["CREDENTIALS_DIRECTORY"] = Provisions::credentials_folder(settings_, unit);
  context.environment_file = unit.life.environment_file.borrow();
  if (unit.unit.service.uses_notify())
    context.extra["NOTIFY_SOCKET"] = notify_address_;
  context.names = unit.life.names;
  if (settings_.unit_gids)
    context.unit_gid = settings_.unit_gids->of(unit.index);
  return context;
}

Result<os::Spawned> Launcher::spawn(UnitRuntime& unit, const Unit& definition,
                                    const Command& command, ExecContext context) {
  if (os::is_memory_short())
    return os::errno_error("start a process", ENOMEM);
  const bool is_logged = !context.standard_output.is_open();
  os::Pipe out = is_logged ? BERTH_TRY(os::make_pipe()) : os::Pipe{};
  os::Pipe err = BERTH_TRY(os::make_pipe());
  if (is_logged)
    context.standard_output = out.write_end.borrow();
  context.standard_error = err.write_end.borrow();
  // berth's helpers are berth's; what they do for a unit is not to fail for its limits.
  const bool is_units_own = !context.helper || unit.unit.kind == UnitKind::proxy;
  const GroupEntry groups = is_units_own ? resources_.equip(unit, context) : GroupEntry{};
  os::ExecImage image = BERTH_TRY(build_exec_image(definition, command, context));
  unit.life.program = image.program;
  os::Spawned spawned = BERTH_TRY(os::spawn(std::move(image), loans_));
  forget_ended(unit.life.sessions);
  unit.life.sessions.push_back(spawned.pid);
  if (is_logged)
    logs_.attach(unit.name(), definition.log, LogStream::out,
                 os::DescriptorLoans::out_of_reach(std::move(out.read_end)));
  logs_.attach(unit.name(), definition.log, LogStream::err,
               os::DescriptorLoans::out_of_reach(std::move(err.read_end)));
  return spawned;
}

Result<os::Spawned> Launcher::spawn_main(UnitRuntime& unit) {
  if (unit.unit.kind == UnitKind::proxy)
    return spawn_proxy(unit);
  const Unit definition = expanded(unit);
  if (definition.service.uses_notify() && notify_address_.empty())
    return Error{ErrorCode::unavailable, "it needs sd_notify, for which berth has no socket"};
  ExecContext context = context_of(unit);
  if (const Milliseconds interval = definition.service.watchdog; interval.count() > 0) {
    context.extra["WATCHDOG_USEC"] = std::to_string(std::chrono::microseconds(interval).count());
    context.watchdog_pid = true;
  }
  for (PassedSocket& socket : endpoints_.passed(unit)) {
    context.listen_fds.push_back(socket.fd);
    context.listen_names.push_back(std::move(socket.name));
  }
  auto spawned = spawn(unit, definition, definition.service.command, std::move(context));
  // With our copy kept open, connections to a tenant that died would wait for nobody.
  unit.life.listener.reset();
  return spawned;
}

Result<os::Spawned> Launcher::spawn_proxy(UnitRuntime& unit) {
  Unit definition = unit.unit;
  definition.process.user = proxies_.user_of(unit.unit);
  // It reads what strangers send: whatever berth.toml gives to all units, it keeps no right.
  definition.process.capabilities = CapabilitySet{0};
  definition.process.tty.clear();
  ProxyStart start = BERTH_TRY(proxies_.prepare(unit.unit));
  ExecContext context = context_of(unit);
  context.helper = true;
  context.other_fds.push_back(start.child_end.borrow());
  int number = 4;  // 3 is the control socket
  const auto hand_over = [&](const std::vector<os::BorrowedFd>& listeners) {
    std::string numbers;
    for (const os::BorrowedFd listener : listeners) {
      context.other_fds.push_back(listener);
      numbers += (numbers.empty() ? "" : ",") + std::to_string(number++);
    }
    return numbers;
  };
  Command command;
  command.argv = {settings_.program("berth-proxy"), "--control", "3", "--listen",
                  hand_over(start.listeners)};
  if (!start.metrics.empty())
    command.argv.insert(command.argv.end(), {"--metrics", hand_over(start.metrics)});
  os::Spawned spawned = BERTH_TRY(spawn(unit, definition, command, std::move(context)));
  proxies_.connect(ProxyLinks::link_of(unit.name(), unit.life.epoch), std::move(start.own_end));
  return spawned;
}

Result<os::Spawned> Launcher::spawn_aux(UnitRuntime& unit, const Command& command) {
  return spawn_aux(unit, command, context_of(unit));
}

Result<os::Spawned> Launcher::spawn_step(UnitRuntime& unit, const Command& command) {
  ExecContext context = context_of(unit);
  RunRequest* request = unit.job().request.get();
  if (request == nullptr)
    return spawn_aux(unit, command, std::move(context));
  context.extra.insert(request->variables.begin(), request->variables.end());
  context.standard_input = request->input.borrow();
  context.standard_output = request->output.borrow();
  auto spawned = spawn_aux(unit, command, std::move(context));
  // With copies kept open nobody would see the end of the body, or that of the output.
  request->input.reset();
  request->output.reset();
  request->variables.clear();
  return spawned;
}

Result<os::Spawned> Launcher::spawn_aux(UnitRuntime& unit, const Command& command,
                                        ExecContext context) {
  Unit definition = expanded(unit);
  definition.process.tty.clear();  // the main process controls it
  Command prepared = command;
  expand(prepared, endpoints_.variables(unit));
  return spawn(unit, definition, prepared, std::move(context));
}

Result<os::Spawned> Launcher::spawn_helper(UnitRuntime& unit, const Command& command,
                                           const std::string& user) {
  Unit definition;
  definition.name = unit.unit.name;
  definition.log = unit.unit.log;
  definition.process.user = settings_.is_root ? user : "";
  ExecContext context = context_of(unit);
  context.helper = true;
  return spawn(unit, definition, command, std::move(context));
}

std::string Launcher::user_of(const Unit& unit) const {
  return unit.kind == UnitKind::proxy ? proxies_.user_of(unit) : unit.process.user;
}

Result<os::Spawned> Launcher::spawn_probe(const std::string& user, const FoundNames& names,
                                          const Command& command, os::BorrowedFd output,
                                          os::BorrowedFd errors) const {
  Unit definition;
  definition.process.user = settings_.is_root ? user : "";
  ExecContext context;
  context.own_environment = &settings_.environment;
  context.original_nofile = settings_.original_nofile;
  context.is_root = settings_.is_root;
  context.helper = true;
  context.names = names;
  context.standard_output = output;
  context.standard_error = errors;
  return os::spawn(BERTH_TRY(build_exec_image(definition, command, context)), loans_);
}

Result<os::Spawned> Launcher::spawn_log_writer(os::BorrowedFd socket) const {
  Command command;
  command.argv = helper_argv({"log-files"});
  return spawn_probe("", {}, command, socket);
}

std::vector<std::string> Launcher::helper_argv(std::vector<std::string> arguments) const {
  arguments.insert(arguments.begin(), {settings_.helper_program, "--helper"});
  return arguments;
}

Result<UnitEnvironment> Launcher::environment_of(const UnitRuntime& unit) const {
  std::optional<Identity> user;
  if (const std::string& name = unit.unit.process.user; !name.empty())
    user = BERTH_TRY(find_user(name, unit.life.names));
  return build_environment(unit.unit.process, &settings_.environment,
                           user.has_value() ? &*user : nullptr, context_of(unit).extra);
}

std::string Launcher::uid_file() const {
  if (!state_folder_.empty())
    return state_folder_ + "/auto-uids";
  return settings_.has_run_dir ? settings_.run_dir() + "/auto-uids" : "";
}

Result<NameLookup::Question> Launcher::ask_names(const WantedNames& wanted) const {
  os::Pipe answer = BERTH_TRY(os::make_pipe());
  Command command;
  command.argv = helper_argv(helper_arguments(wanted, uid_file()));
  NameLookup::Question question;
  question.helper = BERTH_TRY(spawn_probe("", {}, command, answer.write_end.borrow()));
  question.answer = std::move(answer.read_end);
  return question;
}

void Launcher::set_proxies(std::vector<const Unit*> proxies) {
  const auto before = std::exchange(proxy_identities_, {});
  for (const Unit* proxy : proxies) {
    const std::string& name = proxy->name.str();
    const auto known = before.find(name);
    if (auto identity = proxies_.identity_of(*proxy, {}))
      proxy_identities_[name] = *std::move(identity);
    else
      proxy_identities_[name] = known != before.end() ? known->second : Identity{};
  }
}

void Launcher::learn_proxy(const UnitRuntime& proxy) {
  if (auto identity = proxies_.identity_of(proxy.unit, proxy.life.names))
    proxy_identities_[proxy.name()] = *std::move(identity);
}

Identity Launcher::proxy_identity(const Unit& tenant) const {
  const auto found =
      tenant.tenant ? proxy_identities_.find(tenant.tenant->proxy) : proxy_identities_.end();
  if (found != proxy_identities_.end())
    return found->second;
  return proxy_identities_.empty() ? Identity{} : proxy_identities_.begin()->second;
}

std::string Launcher::describe(const UnitRuntime& unit, const std::string& program,
                               const os::ChildFailure& failure) {
  os::ExecImage image;
  image.program = program;
  const ProcessSpec& process = unit.unit.process;
  image.working_directory = process.working_directory;
  image.nice = process.nice;
  image.oom_score_adj = process.oom_score_adj;
  image.terminal = process.tty;
  if (const auto user = find_user(process.user, unit.life.names)) {
    image.uid = user->uid;
    image.gid = user->gid;
  }
  return failure.describe(image);
}

void Launcher::warn_of(UnitRuntime& unit, const std::vector<os::ChildFailure>& refused) const {
  for (const os::ChildFailure& each : refused) {
    const bool is_limit = each.stage == os::ChildStage::limits;
    const std::string warning = table_of(each.stage) + describe(unit, unit.life.program, each) +
                                "; it goes on with" +
                                (is_limit ? " the highest one allowed" : "out");
    if (unit.is_new_warning(warning))
      logs_.unit_line(unit.name(), LogLevel::warning, warning);
  }
}

}  // namespace berth
