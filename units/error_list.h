// ErrorList: what is wrong with the unit files, collected over a whole load.
#pragma once

#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "units/catalog.h"
#include "units/toml_document.h"

namespace berth {

/// Owned by a load. Each complaint is kept once, however many instances of a template run into it;
/// every unit that did is remembered as broken.
class ErrorList {
 public:
  /// paths: of the files that the marks count, in that order; outlives the list.
  explicit ErrorList(const std::vector<std::string>& paths) : paths_(paths) {}

  /// unit: whom it breaks; empty = nobody.
  void add(Mark at, const std::string& unit, std::string message);
  /// `unit` is left out without a complaint of its own.
  void mark_broken(const std::string& unit) { broken_.insert(unit); }
  bool is_broken(const std::string& unit) const { return broken_.contains(unit); }

  std::size_t count() const { return errors_.size(); }
  SourcePlace place(Mark at) const;
  /// "tenants.toml:12:1"
  std::string text(Mark at) const;
  /// All of them, by file, line and column.
  std::vector<LoadError> take() &&;

 private:
  const std::vector<std::string>& paths_;
  std::vector<LoadError> errors_;
  std::set<std::tuple<Mark, std::string>> known_;
  std::set<std::string> broken_;
};

}  // namespace berth
