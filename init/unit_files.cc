// The unit folders on disk.
#include "init/unit_files.h"

#include <set>

#include <unistd.h>

#include "init/cgroup_layout.h"
#include "init/environment.h"
#include "init/identity.h"
#include "init/os/files.h"

namespace berth {
namespace {

constexpr std::size_t kFileLimit = 4 * 1024 * 1024;

bool ends_with(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

class FolderReader {
 public:
  explicit FolderReader(LoadedFiles& loaded) : loaded_(loaded), own_uid_(::geteuid()) {}

  void read(const std::string& folder, unsigned rank, bool stock, bool must_exist) {
    auto names = os::list_folder(folder);
    if (!names) {
      if (must_exist || names.error().code != ErrorCode::not_found)
        complain(folder, names.error());
      return;
    }
    if (const auto trusted = os::check_trusted_folder(folder, own_uid_); !trusted)
      return complain(folder, trusted.error());
    for (const std::string& name : *names) {
      if (ends_with(name, ".toml"))
        add(folder, name, rank, stock);
      else if (ends_with(name, ".toml.d"))
        read_drop_ins(folder, name, rank, stock);
    }
  }

  std::optional<SourceFile> file(const std::string& path, const std::string& name, unsigned rank,
                                 bool stock) {
    auto text = os::read_trusted_file(path, kFileLimit, own_uid_);
    if (!text) {
      complain(path, text.error());
      return std::nullopt;
    }
    return SourceFile{path, name, *std::move(text), rank, stock};
  }

 private:
  void read_drop_ins(const std::string& folder, const std::string& name, unsigned rank,
                     bool stock) {
    const std::string path = folder + "/" + name;
    auto parts = os::list_folder(path);
    if (!parts)
      return complain(path, parts.error());
    if (const auto trusted = os::check_trusted_folder(path, own_uid_); !trusted)
      return complain(path, trusted.error());
    for (const std::string& part : *parts)
      if (ends_with(part, ".toml"))
        add(folder, name + "/" + part, rank, stock);
  }

  void add(const std::string& folder, const std::string& name, unsigned rank, bool stock) {
    if (refused_.count(name) != 0)
      return;
    if (auto read = file(folder + "/" + name, name, rank, stock))
      loaded_.files.push_back(*std::move(read));
    else
      refused_.insert(name);  // and still hides what a lower folder has under that name
  }

  void complain(const std::string& path, const Error& error) {
    // The place is said beside the message; what was attempted need not say it again.
    const std::string prefix = path + ": ";
    const bool says_it = error.message.compare(0, prefix.size(), prefix) == 0;
    loaded_.errors.push_back(
        LoadError{SourcePlace{path, 0, 0}, "",
                  says_it ? error.message.substr(prefix.size()) : error.message});
  }

  LoadedFiles& loaded_;
  uid_t own_uid_;
  std::set<std::string> refused_;
};

/// What a job of `user` has written, if it could be written by nobody else.
Result<std::string> read_generated(const std::string& path, const std::string& user) {
  uid_t owner = ::geteuid();
  if (owner == 0 && !user.empty())
    owner = BERTH_TRY(find_user(user)).uid;
  auto text = os::read_trusted_file(path, kFileLimit, owner);
  // The place is said beside the message.
  if (!text && text.error().message.starts_with(path + ": "))
    return Error{text.error().code, text.error().message.substr(path.size() + 2)};
  return text;
}

}  // namespace

LoadedFiles read_unit_files(const UnitFolders& folders) {
  LoadedFiles loaded;
  FolderReader reader(loaded);
  const std::string generated = folders.run_dir + "/units";
  if (folders.given.empty()) {
    reader.read(kAdminFolder, 0, false, false);
    reader.read(generated, 1, false, false);
    reader.read(kStockFolder, 2, true, false);
  } else {
    unsigned rank = 0;
    reader.read(folders.given.front(), rank++, false, true);
    reader.read(generated, rank++, false, false);
    for (std::size_t i = 1; i < folders.given.size(); ++i)
      reader.read(folders.given[i], rank++, false, true);
  }
  const std::string config = folders.config.empty() ? kDefaultConfig : folders.config;
  if (!folders.config.empty() || os::exists(config))
    loaded.berth_toml = reader.file(config, "berth.toml", 0, false);
  return loaded;
}

Catalog load_units(const UnitFolders& folders) {
  const LoadedFiles loaded = read_unit_files(folders);
  LoadContext context;
  context.environment = own_environment();
  context.run_dir = folders.run_dir;
  context.memory_total = container_memory(find_cgroups(own_cgroup_view()));
  context.read_generated = read_generated;
  Catalog catalog =
      load_catalog(loaded.files, loaded.berth_toml ? &*loaded.berth_toml : nullptr, context);
  catalog.errors.insert(catalog.errors.begin(), loaded.errors.begin(), loaded.errors.end());
  return catalog;
}

}  // namespace berth
