// Catalog: all unit files read, merged, expanded and checked together; and every error found, with
// its place.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "units/unit.h"

namespace berth {

/// One file as the loader found it. Folders are ranked: 0 is the highest (the admin's).
struct SourceFile {
  std::string path;       ///< as shown in messages
  std::string file_name;  ///< "redis.toml", "redis.toml.d/10-memory.toml"
  std::string text;
  unsigned folder_rank = 0;
  bool stock = false;  ///< its units start only when something pulls them in
};

/// An error in a unit file. `unit` is empty where it cannot be told.
struct LoadError {
  SourcePlace place;
  std::string unit;
  std::string message;  ///< what was expected, and "did you mean" where there is a near name
  /// "redis.toml:4:3: unknown key "comand" in [service]; did you mean "command"?"
  std::string str() const;
  bool operator==(const LoadError&) const = default;
};

struct LoadContext {
  std::map<std::string, std::string> environment;  ///< berth's own, for ${NAME}
  std::string run_dir = "/run/berth";
  Bytes memory_total;  ///< what "40%" is a part of
  /// Reads a file of instances that a job of `user` writes ("" = berth's); not_found if there is
  /// none yet. Null = there never is one.
  std::function<Result<std::string>(const std::string& path, const std::string& user)>
      read_generated;
};

/// What the files say. Units with an error are not in `units`; their errors are in `errors`.
/// What a unit in `units` requires, wants, or comes after or before, is in `units` too. A proxy
/// stays although the unit of a route or the job of `until` has an error: it may name what is not
/// there. Templates are in `templates` (unexpanded keys hold the template's own defaults); their
/// instances are in `units`.
struct Catalog {
  BerthConfig config;
  std::map<std::string, Unit> units;   ///< by full name; no templates
  std::vector<std::string> templates;  ///< names, "tenant@"
  std::map<std::string, bool> stock;   ///< units that start only when pulled in
  std::vector<LoadError> errors;       ///< by file, line, column

  /// The unit called `name`, or null.
  const Unit* find(const std::string& name) const;
};

/// Reads everything. Never fails as a whole: what is wrong is in `errors`, what is right is in
/// `units`. `berth_toml` may be empty. Also checks what only the whole can tell: unknown units,
/// cycles as a path, two tenants with one path, two listeners on one address, a proxy that is not
/// there.
Catalog load_catalog(const std::vector<SourceFile>& files, const SourceFile* berth_toml,
                     const LoadContext& context);

}  // namespace berth
