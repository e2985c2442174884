// Loading unit files that a test writes down: the arrangement of most tests of the unit language.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "units/catalog.h"

namespace berth::testing {

/// "NAME.toml" or "NAME.toml.d/DROP_IN.toml", and its text.
using File = std::pair<std::string, std::string>;

inline SourceFile source(const File& file, unsigned folder_rank = 0) {
  SourceFile source;
  source.path = file.first;
  source.file_name = file.first;
  source.text = file.second;
  source.folder_rank = folder_rank;
  return source;
}

inline LoadContext context() {
  LoadContext context;
  context.environment = {{"HOME", "/root"}, {"EMPTY", ""}, {"PORT", "9000"}};
  context.memory_total = Bytes{1024 * 1024 * 1024};
  return context;
}

/// Loads files of one folder.
inline Catalog load(const std::vector<File>& files) {
  std::vector<SourceFile> sources;
  for (const File& file : files) {
    sources.push_back(source(file));
  }
  return load_catalog(sources, nullptr, context());
}

inline std::vector<std::string> messages(const Catalog& catalog) {
  std::vector<std::string> texts;
  for (const LoadError& error : catalog.errors) {
    texts.push_back(error.str());
  }
  return texts;
}

/// What is wrong with these files, as an admin sees it.
inline std::vector<std::string> errors_of(const std::vector<File>& files) {
  return messages(load(files));
}

using Lines = std::vector<std::string>;

inline std::vector<std::string> names(const Catalog& catalog) {
  std::vector<std::string> names;
  for (const auto& [name, unit] : catalog.units) {
    names.push_back(name);
  }
  return names;
}

}  // namespace berth::testing
