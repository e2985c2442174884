// Reading a unit's tables by the table of keys, once for all and once for each.
#include "units/blueprint.h"

#include <algorithm>
#include <array>

#include "units/cgi.h"
#include "units/merge.h"
#include "units/suggestion.h"

namespace berth {
namespace {

/// A table that every kind of unit may have. Its keys that are `flat` stand in [[instance]] itself
/// as well.
struct Section {
  std::string_view key;
  std::string_view table;
  bool flat;
};
constexpr std::array<Section, 4> kSections{{{"unit", "[unit]", false},
                                            {"process", kProcessTable, true},
                                            {"memory", kMemoryTable, true},
                                            {"log", "[log]", false}}};

// Below the run folder; the unit's own folder has its escaped name.
constexpr std::string_view kUnitsRunFolder = "/units-run/";

/// The key of the kind's own table at the top of the file: "service".
std::string_view own_key(UnitKind kind) {
  std::string_view table = own_table(kind);
  table.remove_prefix(1);
  table.remove_suffix(1);
  return table;
}

/// What a tenant without `ready` waits for: that its endpoint takes a connection. An activated one
/// has a socket before it starts.
void default_ready(Unit& unit) {
  ReadyCheck& ready = unit.service.ready;
  if (ready.way != ReadyCheck::Way::exec || unit.tenant->endpoint == Endpoint::activated) {
    return;
  }
  ready.way =
      unit.tenant->endpoint == Endpoint::port ? ReadyCheck::Way::tcp : ReadyCheck::Way::unix_socket;
  ready.at_endpoint = true;
}

/// Calls `look` with every text of the unit that is completed at its start.
template <typename Look>
void for_each_start_text(const Unit& unit, Look look) {
  const auto look_at = [&](const Command& command) {
    std::for_each(command.argv.begin(), command.argv.end(), look);
  };
  const ServiceSpec& service = unit.service;
  look_at(service.command);
  for (const auto* commands : {&service.before_start, &service.after_start, &service.after_stop}) {
    std::for_each(commands->begin(), commands->end(), look_at);
  }
  if (service.reload_command) {
    look_at(*service.reload_command);
  }
  for (const auto& [name, value] : unit.process.env) {
    look(value.value_or(""));
  }
  look(service.ready.path);
  look_at(service.ready.command);
  if (service.health) {
    look(service.health->path);
    look_at(service.health->command);
  }
}

/// The variable that a tenant with this endpoint does not have.
std::string_view absent_variable(Endpoint endpoint) {
  return endpoint == Endpoint::port ? "socket" : "port";
}

/// What is wrong with the sockets of a service, in words; and their first one is its address if it
/// has no other.
std::vector<std::string> check_sockets(Unit& unit, const std::string& run_dir) {
  std::vector<std::string> wrong;
  ServiceSpec& service = unit.service;
  const bool comes_back =
      unit.info.start == StartWhen::demand && (!service.listen.empty() || service.address);
  if (service.idle_timeout.count() != 0 && !comes_back) {
    wrong.emplace_back(
        "\"idle_timeout\" needs \"start\" = \"demand\", and \"listen\" or \"address\"");
  }
  for (const ListenSocket& socket : service.listen) {
    const std::string text = "\"" + format_address(socket.address) + "\"";
    if (socket.address.family == Address::Family::unix_socket) {
      if (socket.address.path.starts_with(run_dir + "/")) {
        wrong.push_back("\"listen\" puts " + text +
                        " into ${run_dir}, which is emptied before each start");
      }
    } else if (!socket.user.empty() || !socket.group.empty() ||
               socket.mode != ListenSocket::kMode) {
      wrong.push_back("\"listen\" gives " + text +
                      " an owner or a mode, which only a Unix socket has");
    }
  }
  if (!service.address && !service.listen.empty()) {
    service.address = service.listen.front().address;
  }
  return wrong;
}

bool mentions_at_start(const Unit& unit, const std::string& name) {
  // Whatever depends on the value mentions it; an escaped "$${port}" does not.
  const std::map<std::string, std::string> one{{name, "1"}}, two{{name, "2"}};
  bool mentioned = false;
  for_each_start_text(unit, [&](const std::string& text) {
    mentioned = mentioned || (mentions_variables(text) &&
                              expand_at_start(text, one) != expand_at_start(text, two));
  });
  return mentioned;
}

/// What is wrong with `listen` in [proxy.tls]; empty = nothing.
std::string tls_problem(const ProxySpec& proxy) {
  for (const Address& address : proxy.tls.listen) {
    if (std::find(proxy.listen.begin(), proxy.listen.end(), address) == proxy.listen.end()) {
      return "\"listen\" in [proxy.tls] names " + format_address(address) +
             ", which is not in \"listen\" of [proxy]";
    }
  }
  return {};
}

}  // namespace

Blueprint::Blueprint(UnitName name, UnitKind kind, Node tree, LoadState& load)
    : name_(std::move(name)), tree_(std::move(tree)), base_(new_draft(kind)) {
  // Of variables these keys have none; conditions look at the environment.
  Scope scope;
  scope.environment = &load.context.environment;
  Reading reading{load.errors, load.references, scope, load.context.memory_total, name_.str()};
  const Member* own = tree_.find(own_key(kind));
  at_ = own->value.at;
  base_.unit.name = name_;
  base_.unit.place = load.errors.place(at_);
  const std::size_t errors_before = load.errors.count();
  read_table(own->key, own_table(kind), reading);
  // What is missing is most likely what is misspelt, and that has been said.
  if (load.errors.count() == errors_before) {
    check_presence(own->value, reading);
  }
  for (const Section& section : kSections) {
    read_table(section.key, section.table, reading);
  }
  declare_vars(reading);
}

void Blueprint::read_table(std::string_view key, std::string_view table, Reading& reading) {
  const Member* found = tree_.find(key);
  if (found == nullptr) {
    return;
  }
  if (found->value.table() == nullptr) {
    Value(found->value, key, "", reading).mismatch(found->value, "a table");
    return;
  }
  const Kinds kinds = kind_bit(kind());
  for (const Member& member : *found->value.table()) {
    const Key* row = find_key(table, kinds, member.key);
    if (row == nullptr) {
      report_unknown_key(member, {table}, kinds, reading);
    } else if (varies(member.value)) {
      varying_.push_back({row, &member, table});
    } else {
      Value value(member.value, member.key, table, reading);
      row->set(value, base_);
    }
  }
}

void Blueprint::check_presence(const Node& own, Reading& reading) const {
  const std::string_view table = own_table(kind());
  if (kind() == UnitKind::proxy) {
    check_needed(own, table, {"listen"}, reading);
  } else if (kind() != UnitKind::job) {
    check_needed(own, table, {"command"}, reading);
  } else if ((own.find("command") != nullptr) == (own.find("steps") != nullptr)) {
    reading.errors.add(at_, reading.unit, "[job] needs either \"command\" or \"steps\"");
  }
  const Member* vars = own.find("vars");
  if (vars != nullptr && !name_.is_template()) {
    reading.errors.add(vars->key_at, reading.unit, "only a template (\"NAME@.toml\") has \"vars\"");
  }
}

void Blueprint::declare_vars(Reading& reading) {
  for (const std::string& written : base_.vars) {
    const bool is_optional = written.ends_with('?');
    std::string var = written.substr(0, written.size() - (is_optional ? 1 : 0));
    if (!is_variable_name(var)) {
      reading.errors.add(at_, reading.unit, "\"" + written + "\" is no name of a variable");
      continue;
    }
    if (!is_optional) {
      needed_.push_back(var);
    }
    declared_.push_back(std::move(var));
  }
}

Scope Blueprint::scope_for(const UnitName& name, const LoadContext& context) const {
  Scope scope;
  scope.environment = &context.environment;
  scope.unit = name.str();
  scope.instance = name.instance();
  scope.instance_dashed = name.instance_dashed();
  scope.run_dir = context.run_dir + std::string(kUnitsRunFolder) + name.escaped();
  scope.has_endpoint = kind() == UnitKind::tenant;
  return scope;
}

Unit Blueprint::make_unit(LoadState& load) const {
  const Scope scope = scope_for(name_, load.context);
  Reading reading{load.errors, load.references, scope, load.context.memory_total, name_.str()};
  Draft draft;
  draft.unit = base_.unit;
  for (const Setting& setting : varying_) {
    Value value(setting.member->value, setting.member->key, setting.table, reading);
    setting.key->set(value, draft);
  }
  finish(draft.unit, at_, reading);
  return std::move(draft.unit);
}

void Blueprint::give_values(const InstanceDeclaration& declaration, Scope& scope,
                            Reading& reading) const {
  std::map<std::string, std::string> values;
  const Node no_values{declaration.at, Node::Table{}};
  const Node& given = declaration.values == nullptr ? no_values : *declaration.values;
  for (const Member& member : *given.table()) {
    if (std::find(declared_.begin(), declared_.end(), member.key) == declared_.end()) {
      reading.errors.add(member.key_at, reading.unit,
                         "\"" + name_.str() + "\" declares no variable \"" + member.key + "\"" +
                             did_you_mean(member.key, {declared_.begin(), declared_.end()}));
      continue;
    }
    Value value(member.value, member.key, "the instance's values", reading);
    if (auto text = value.scalar_text(member.value, "a string or a number", ExpandAt::load)) {
      values.emplace(member.key, *std::move(text));
    }
  }
  for (const std::string& name : needed_) {
    if (given.find(name) == nullptr) {
      reading.errors.add(declaration.at, reading.unit,
                         "\"" + reading.unit + "\" needs a value for \"" + name + "\"");
    }
  }
  scope.values = std::move(values);
  scope.declared = declared_;
}

void Blueprint::override_by(const Member& member, const std::vector<std::string_view>& tables,
                            Overrides& overrides, Reading& reading) const {
  const bool appends = member.key.ends_with('+');
  Member named{member.key.substr(0, member.key.size() - (appends ? 1 : 0)), member.key_at, {}};
  const Kinds kinds = kind_bit(kind());
  const Key* key = nullptr;
  for (const std::string_view table : tables) {
    key = key == nullptr ? find_key(table, kinds, named.key) : key;
  }
  if (key == nullptr) {
    return report_unknown_key(named, tables, kinds, reading);
  }
  // Tables of variables or limits are merged over the template's, as drop-ins do.
  const bool merges = key->type.starts_with("table of") && key->table != kInstanceTable;
  if (!appends && !merges) {
    overrides.settings.push_back({key, &member, tables.front()});
    return;
  }
  const Section* section = std::find_if(kSections.begin(), kSections.end(),
                                        [&](const Section& s) { return s.table == key->table; });
  const Member* found = tree_.find(section == kSections.end() ? own_key(kind()) : section->key);
  const Member* base = nullptr;
  if (found != nullptr && found->value.table() != nullptr) {
    const auto& members = *found->value.table();
    const auto same = std::find_if(members.begin(), members.end(),
                                   [&](const Member& m) { return m.key == named.key; });
    base = same == members.end() ? nullptr : &*same;
  }
  Node merged{member.key_at, Node::Table{}};
  if (base != nullptr) {
    merged.table()->push_back(*base);
  }
  merge_over(merged, Node{member.key_at, Node::Table{member}},
             [&](const Member& wrong, const std::string& message) {
               reading.errors.add(wrong.key_at, reading.unit, message);
             });
  if (!merged.table()->empty()) {
    overrides.made.push_back(std::move(merged.table()->front()));
    overrides.settings.push_back({key, &overrides.made.back(), tables.front()});
  }
}

Blueprint::Overrides Blueprint::overrides(const InstanceDeclaration& declaration,
                                          Reading& reading) const {
  Overrides overrides;
  if (declaration.block == nullptr) {
    return overrides;
  }
  std::vector<std::string_view> flat{kInstanceTable, own_table(kind())};
  for (const Section& each : kSections) {
    if (each.flat) {
      flat.push_back(each.table);
    }
  }
  for (const Member& member : *declaration.block->table()) {
    const Section* section = std::find_if(kSections.begin(), kSections.end(),
                                          [&](const Section& s) { return s.key == member.key; });
    if (member.key == "when") {
      continue;
    }
    if (section == kSections.end()) {
      override_by(member, flat, overrides, reading);
    } else if (member.value.table() == nullptr) {
      Value(member.value, member.key, kInstanceTable, reading).mismatch(member.value, "a table");
    } else {
      for (const Member& inner : *member.value.table()) {
        override_by(inner, {section->table}, overrides, reading);
      }
    }
  }
  return overrides;
}

Unit Blueprint::make_instance(const InstanceDeclaration& declaration, UnitName name,
                              LoadState& load) const {
  Scope scope = scope_for(name, load.context);
  Reading reading{load.errors, load.references, scope, load.context.memory_total, name.str()};
  give_values(declaration, scope, reading);
  Draft draft;
  draft.unit = base_.unit;
  draft.unit.name = std::move(name);
  draft.unit.place = load.errors.place(declaration.at);
  const Overrides own = overrides(declaration, reading);
  const auto is_overridden = [&](const Setting& setting) {
    return std::any_of(own.settings.begin(), own.settings.end(),
                       [&](const Setting& o) { return o.key == setting.key; });
  };
  for (const Setting& setting : varying_) {
    // What is replaced need not even expand.
    if (!is_overridden(setting)) {
      Value value(setting.member->value, setting.member->key, setting.table, reading);
      setting.key->set(value, draft);
    }
  }
  for (const Setting& setting : own.settings) {
    Value value(setting.member->value, setting.member->key, setting.table, reading);
    setting.key->set(value, draft);
  }
  finish(draft.unit, declaration.at, reading);
  return std::move(draft.unit);
}

void Blueprint::finish(Unit& unit, Mark at, Reading& reading) const {
  const auto complain = [&](std::string message) {
    reading.errors.add(at, reading.unit, std::move(message));
  };
  unit.mentions_run_dir = reading.scope.asked_for_run_dir;
  for (std::string& wrong : check_sockets(unit, reading.scope.run_dir)) {
    complain(std::move(wrong));
  }
  for (std::string& wrong : cgi::problems(unit)) {
    complain(std::move(wrong));
  }
  if (unit.kind == UnitKind::service && unit.service.ready.at_endpoint && !unit.service.address) {
    complain("\"ready\" asks at \"address\", which is not set");
  }
  if (unit.kind == UnitKind::service && unit.service.health && unit.service.health->at_endpoint &&
      !unit.service.address) {
    complain("\"health\" asks at \"address\", which is not set");
  }
  if (unit.memory.limit && unit.memory.high && *unit.memory.high > *unit.memory.limit) {
    complain("\"high\" in [memory] is larger than \"limit\"");
  }
  if (unit.service.restart_delay > unit.service.restart_delay_max) {
    complain("\"restart_delay\" is longer than \"restart_delay_max\"");
  }
  if (unit.process.standard_input == StandardInput::tty && unit.process.tty.empty()) {
    complain("\"stdin\" is the terminal of \"tty\", which is not set");
  }
  if (unit.job) {
    unit.job->on = unit.job->triggers();
  }
  if (unit.job && unit.job->every.count() > 0 && unit.job->schedule) {
    complain("a job has either \"every\" or \"schedule\"");
  }
  if (unit.tenant) {
    if (unit.tenant->path.empty() && unit.tenant->hosts.empty()) {
      unit.tenant->path = "/" + std::string(unit.name.instance()) + "/";
    }
    if (unit.info.start == StartWhen::boot && unit.tenant->idle_timeout.count() != 0) {
      complain("a tenant that starts at boot needs \"idle_timeout\" = \"0\"");
    }
    if (unit.info.essential) {
      complain("a tenant cannot be \"essential\": it never fails for good");
    }
    if (unit.info.main) {
      complain("a tenant cannot be \"main\": it comes and goes with its requests");
    }
    const std::string absent(absent_variable(unit.tenant->endpoint));
    if (mentions_at_start(unit, absent)) {
      complain("there is no \"${" + absent + "}\" with this \"endpoint\"");
    }
    default_ready(unit);
  }
  if (unit.proxy && !unit.proxy->maintenance_page.empty() && unit.proxy->static_root.empty()) {
    complain(
        "\"page\" in [proxy.maintenance] lies below \"root\" in [proxy.static], "
        "which is not set");
  }
  if (unit.proxy && !tls_problem(*unit.proxy).empty()) {
    complain(tls_problem(*unit.proxy));
  }
}

}  // namespace berth
