// Reads the folders of unit files into memory; what they mean is units/catalog.h's.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "units/catalog.h"
#include "units/result.h"

namespace berth {

inline constexpr const char* kAdminFolder = "/etc/berth/units";
inline constexpr const char* kStockFolder = "/usr/lib/berth/units";
inline constexpr const char* kDefaultConfig = "/etc/berth/berth.toml";
inline constexpr const char* kDefaultRunDir = "/run/berth";

/// Where unit files lie, from the command line.
struct UnitFolders {
  std::vector<std::string>
      given;  ///< --units, highest first; empty = kAdminFolder and kStockFolder
  std::string run_dir = kDefaultRunDir;  ///< its units/ is always read, second in rank
  std::string config;                    ///< --config; empty = kDefaultConfig, which may be missing
};

struct LoadedFiles {
  std::vector<SourceFile> files;
  std::optional<SourceFile> berth_toml;
  std::vector<LoadError> errors;  ///< files that cannot be read, or that others can write
};

/// At most 4 MiB a file. A missing folder is empty; one that was given by name is an error then.
LoadedFiles read_unit_files(const UnitFolders& folders);

/// Reads and checks everything: what `berth` runs and `berthctl verify` looks at.
Catalog load_units(const UnitFolders& folders);

}  // namespace berth
