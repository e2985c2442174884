// load_catalog(): from files to units, in the order in which the steps need each other.
#include "units/catalog.h"

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <set>

#include "units/blueprint.h"
#include "units/catalog_checks.h"
#include "units/defaults.h"
#include "units/merge.h"
#include "units/suggestion.h"

namespace berth {
namespace {

constexpr std::string_view kUnitSuffix = ".toml";
constexpr std::string_view kDropInFolder = ".toml.d/";
constexpr std::array<std::pair<std::string_view, UnitKind>, 4> kKindTables{
    {{"service", UnitKind::service},
     {"job", UnitKind::job},
     {"tenant", UnitKind::tenant},
     {"proxy", UnitKind::proxy}}};
constexpr std::array<std::string_view, 10> kTopTables{"unit",      "service", "job",    "tenant",
                                                      "proxy",     "process", "memory", "log",
                                                      "instances", "instance"};

/// The files of one name: the winner, and what drops into it, by the drop-in's own name.
struct FileGroup {
  std::optional<std::uint32_t> main;
  std::map<std::string, std::uint32_t> drop_ins;
};

/// Declarations found in one file, whose tree they point into.
struct Declarations {
  std::vector<InstanceDeclaration> list;
  bool stock = false;
};

/// Where the header of a table, or the first of several, stands.
Mark table_mark(const Member& member) {
  const Node::Array* entries = member.value.array();
  return entries == nullptr || entries->empty() ? member.value.at : entries->front().at;
}

class Loader {
 public:
  Loader(const std::vector<SourceFile>& files, const SourceFile* berth_toml,
         const LoadContext& context)
      : files_(files), berth_toml_(berth_toml), context_(context), errors_(paths_) {
    for (const SourceFile& file : files) {
      paths_.push_back(file.path);
    }
    paths_.push_back(berth_toml == nullptr ? "berth.toml" : berth_toml->path);
  }

  Catalog run() && {
    read_berth_toml();
    for (const auto& [stem, group] : group_files()) {
      read_group(stem, group);
    }
    read_generated();
    for (const Declarations& declarations : declarations_) {
      for (const InstanceDeclaration& declaration : declarations.list) {
        add_instance(declaration, declarations.stock);
      }
    }
    check_together(loaded_, errors_);
    std::erase_if(loaded_.stock,
                  [&](const auto& entry) { return !loaded_.units.contains(entry.first); });
    catalog_.stock = std::move(loaded_.stock);
    catalog_.units = std::move(loaded_.units);
    catalog_.errors = std::move(errors_).take();
    return std::move(catalog_);
  }

 private:
  void read_berth_toml();
  std::map<std::string, FileGroup> group_files() const;
  void choose(std::optional<std::uint32_t>& current, std::uint32_t candidate) const;
  void read_group(const std::string& stem, const FileGroup& group);
  std::optional<Node> merged_tree(const std::string& stem, const FileGroup& group);
  std::optional<Node> parse(std::uint32_t file, const std::string& text, const std::string& unit);
  void check_top(const Node& root, const std::string& unit);
  std::optional<UnitKind> kind_of(const Node& root, const std::string& unit);
  void read_generated();
  void read_generated(const Unit& job);
  void add_unit_file(const UnitName& name, UnitKind kind, Node tree, bool stock);
  void add_instance(const InstanceDeclaration& declaration, bool stock);
  bool declare(const UnitName& name, Mark at);
  LoadState state() { return LoadState{errors_, loaded_.references, context_}; }

  const std::vector<SourceFile>& files_;
  const SourceFile* berth_toml_;
  const LoadContext& context_;
  std::vector<std::string> paths_;
  ErrorList errors_;
  LoadedUnits loaded_;
  Catalog catalog_;
  Node defaults_{{}, Node::Table{}};
  std::map<std::string, std::unique_ptr<Blueprint>> templates_;
  std::vector<std::unique_ptr<Node>> trees_;  ///< what declarations point into
  std::vector<Declarations> declarations_;
};

std::optional<Node> Loader::parse(std::uint32_t file, const std::string& text,
                                  const std::string& unit) {
  auto parsed = parse_toml(text, file);
  if (const auto* error = std::get_if<SyntaxError>(&parsed)) {
    errors_.add(error->at, unit, "no valid TOML: " + error->message);
    return std::nullopt;
  }
  return std::get<Node>(std::move(parsed));
}

void Loader::read_berth_toml() {
  if (berth_toml_ == nullptr) {
    return;
  }
  const auto file = static_cast<std::uint32_t>(files_.size());
  if (auto root = parse(file, berth_toml_->text, "")) {
    LoadState load = state();
    defaults_ = read_defaults(*std::move(root), load, catalog_.config);
  }
}

/// The higher folder wins; of two in one folder, the first.
void Loader::choose(std::optional<std::uint32_t>& current, std::uint32_t candidate) const {
  if (!current || files_[candidate].folder_rank < files_[*current].folder_rank) {
    current = candidate;
  }
}

std::map<std::string, FileGroup> Loader::group_files() const {
  std::map<std::string, FileGroup> groups;
  for (std::uint32_t i = 0; i < files_.size(); ++i) {
    const std::string& name = files_[i].file_name;
    const std::size_t folder = name.find(kDropInFolder);
    if (folder != name.npos) {
      auto& drop_ins = groups[name.substr(0, folder)].drop_ins;
      const auto [place, is_new] = drop_ins.emplace(name.substr(folder + kDropInFolder.size()), i);
      std::optional<std::uint32_t> winner = place->second;
      choose(winner, i);
      place->second = *winner;
    } else if (name.ends_with(kUnitSuffix)) {
      choose(groups[name.substr(0, name.size() - kUnitSuffix.size())].main, i);
    }
  }
  return groups;
}

/// The unit's file with its drop-ins on top, on top of the defaults.
std::optional<Node> Loader::merged_tree(const std::string& stem, const FileGroup& group) {
  auto root = parse(*group.main, files_[*group.main].text, stem);
  std::vector<Node> layers;
  if (root) {
    layers.push_back(*std::move(root));
  }
  for (const auto& [name, file] : group.drop_ins) {
    if (auto drop_in = parse(file, files_[file].text, stem)) {
      layers.push_back(*std::move(drop_in));
    }
  }
  if (errors_.is_broken(stem)) {
    return std::nullopt;
  }
  Node merged{Mark{*group.main, 1, 1}, Node::Table{}};
  for (Node& layer : layers) {
    check_top(layer, stem);
    merge_over(merged, std::move(layer), [&](const Member& member, const std::string& message) {
      errors_.add(member.key_at, stem, message);
    });
  }
  return merged;
}

void Loader::check_top(const Node& root, const std::string& unit) {
  for (const Member& member : *root.table()) {
    if (std::find(kTopTables.begin(), kTopTables.end(), member.key) != kTopTables.end()) {
      continue;
    }
    const bool is_table = member.value.table() != nullptr || is_array_of_tables(member.value);
    std::string message = is_table ? "unknown table [" + member.key + "]"
                                   : "\"" + member.key + "\" stands outside of any table";
    if (is_table) {
      message += did_you_mean(member.key, {kTopTables.begin(), kTopTables.end()});
    }
    errors_.add(is_table ? table_mark(member) : member.key_at, unit, std::move(message));
  }
}

/// Which kind's table the file has; reports more than one.
std::optional<UnitKind> Loader::kind_of(const Node& root, const std::string& unit) {
  std::optional<UnitKind> found;
  for (const auto& [key, kind] : kKindTables) {
    const Member* member = root.find(key);
    if (member == nullptr) {
      continue;
    }
    if (found) {
      errors_.add(table_mark(*member), unit,
                  "[" + std::string(key) + "] beside " + std::string(own_table(*found)) +
                      ": a unit is of one kind");
    }
    found = found ? found : kind;
  }
  return found;
}

void Loader::read_group(const std::string& stem, const FileGroup& group) {
  if (!group.main) {
    errors_.add(Mark{group.drop_ins.begin()->second, 0, 0}, "",
                "there is no \"" + stem + ".toml\" to add this to");
    return;
  }
  const Mark top{*group.main, 1, 1};
  const auto name = UnitName::parse(stem);
  loaded_.declared.insert(stem);
  if (!name) {
    errors_.add(top, stem, name.error().message);
    return;
  }
  if (name->is_instance()) {
    errors_.add(top, stem,
                "an instance has no file of its own: declare it in [instances." +
                    name->template_name().substr(0, name->template_name().size() - 1) + "]");
    return;
  }
  auto tree = merged_tree(stem, group);
  if (!tree) {
    return;
  }
  // An empty file hides the one below, as in systemd.
  if (tree->table()->empty()) {
    loaded_.declared.erase(stem);
    return;
  }
  const bool stock = files_[*group.main].stock;
  Scope scope;
  scope.environment = &context_.environment;
  Reading reading{errors_, loaded_.references, scope, context_.memory_total, ""};
  const bool declares = tree->find("instances") != nullptr || tree->find("instance") != nullptr;
  if (declares) {
    trees_.push_back(std::make_unique<Node>(*tree));
    declarations_.push_back({collect_instances(*trees_.back(), reading), stock});
  }
  const auto kind = kind_of(*tree, stem);
  if (kind) {
    add_unit_file(*name, *kind, *std::move(tree), stock);
  } else if (!declares || tree->find("unit") != nullptr || tree->find("process") != nullptr) {
    errors_.add(top, stem, "one of [service], [job], [tenant] and [proxy] is missing");
  } else {
    loaded_.declared.erase(stem);
  }
}

/// The files of instances that jobs write. A path counts once.
void Loader::read_generated() {
  std::set<std::string> paths;
  for (const auto& [name, unit] : loaded_.units) {
    const std::string path = unit.job ? unit.job->instances : "";
    if (!path.empty() && context_.read_generated && !errors_.is_broken(name) &&
        paths.insert(path).second) {
      read_generated(unit);
    }
  }
}

void Loader::read_generated(const Unit& job) {
  const std::string& name = job.name.str();
  const std::string& path = job.job->instances;
  const auto text = context_.read_generated(path, job.process.user);
  if (!text && text.error().code == ErrorCode::not_found) {
    return;  // the job has not run yet
  }
  const auto file = static_cast<std::uint32_t>(paths_.size());
  paths_.push_back(path);
  if (!text) {
    errors_.add(Mark{file, 0, 0}, "", text.error().message);
    return;
  }
  auto root = parse(file, *text, "");
  if (!root) {
    return;
  }
  Scope scope;
  scope.environment = &context_.environment;
  Reading reading{errors_, loaded_.references, scope, context_.memory_total, ""};
  trees_.push_back(std::make_unique<Node>(*std::move(root)));
  check_generated(*trees_.back(), "the job \"" + name + "\"", reading);
  declarations_.push_back({collect_instances(*trees_.back(), reading), loaded_.stock[name]});
}

void Loader::add_unit_file(const UnitName& name, UnitKind kind, Node tree, bool stock) {
  Node merged = defaults_;
  merge_over(merged, std::move(tree), [&](const Member& member, const std::string& message) {
    errors_.add(member.key_at, name.str(), message);
  });
  LoadState load = state();
  auto blueprint = std::make_unique<Blueprint>(name, kind, std::move(merged), load);
  const Mark at = blueprint->at();
  if (kind == UnitKind::tenant && !name.is_template()) {
    errors_.add(at, name.str(),
                "[tenant] is a template: its file is called \"" + name.str() + "@.toml\"");
  } else if (kind == UnitKind::proxy && name.is_template()) {
    errors_.add(at, name.str(), "[proxy] cannot be a template");
  } else if (name.is_template()) {
    catalog_.templates.push_back(name.str());
    templates_.emplace(name.str(), std::move(blueprint));
  } else if (declare(name, at)) {
    loaded_.units.emplace(name.str(), blueprint->make_unit(load));
    loaded_.stock.emplace(name.str(), stock);
  }
}

/// Notes where `name` is declared; false and reported if it is already.
bool Loader::declare(const UnitName& name, Mark at) {
  loaded_.declared.insert(name.str());
  const auto [first, is_new] = loaded_.marks.emplace(name.str(), at);
  if (!is_new) {
    errors_.add(at, "",
                "\"" + name.str() + "\" is declared already (" + errors_.text(first->second) + ")");
  }
  return is_new;
}

void Loader::add_instance(const InstanceDeclaration& declaration, bool stock) {
  const std::string of_template = declaration.template_name + "@";
  auto name = UnitName::parse(of_template + declaration.instance);
  if (!name || !name->is_instance()) {
    errors_.add(declaration.at, "",
                name ? "\"" + name->str() + "\" is no name of an instance" : name.error().message);
    return;
  }
  const auto found = templates_.find(of_template);
  if (found == templates_.end()) {
    loaded_.declared.insert(name->str());
    errors_.mark_broken(name->str());
    if (!errors_.is_broken(of_template)) {
      const std::vector<std::string_view> known(catalog_.templates.begin(),
                                                catalog_.templates.end());
      errors_.add(
          declaration.template_at, name->str(),
          "there is no template \"" + of_template + "\"" + did_you_mean(of_template, known));
    }
    return;
  }
  if (!declare(*name, declaration.at)) {
    return;
  }
  LoadState load = state();
  const std::string full_name = name->str();
  loaded_.units.emplace(full_name,
                        found->second->make_instance(declaration, *std::move(name), load));
  loaded_.stock.emplace(full_name, stock);
}

}  // namespace

const Unit* Catalog::find(const std::string& name) const {
  const auto unit = units.find(name);
  return unit == units.end() ? nullptr : &unit->second;
}

Catalog load_catalog(const std::vector<SourceFile>& files, const SourceFile* berth_toml,
                     const LoadContext& context) {
  return Loader(files, berth_toml, context).run();
}

}  // namespace berth
