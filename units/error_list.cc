// ErrorList, and the text of a LoadError.
#include "units/error_list.h"

#include <algorithm>

namespace berth {
namespace {

std::string place_text(const SourcePlace& place) {
  std::string text = place.file;
  if (place.line != 0) {
    text += ":" + std::to_string(place.line) + ":" + std::to_string(place.column);
  }
  return text;
}

}  // namespace

std::string LoadError::str() const {
  return place.file.empty() ? message : place_text(place) + ": " + message;
}

void ErrorList::add(Mark at, const std::string& unit, std::string message) {
  if (!unit.empty()) {
    broken_.insert(unit);
  }
  if (known_.emplace(at, message).second) {
    errors_.push_back(LoadError{place(at), unit, std::move(message)});
  }
}

SourcePlace ErrorList::place(Mark at) const {
  return {paths_[at.file], at.line, at.column};
}

std::string ErrorList::text(Mark at) const {
  return place_text(place(at));
}

std::vector<LoadError> ErrorList::take() && {
  std::stable_sort(errors_.begin(), errors_.end(), [](const LoadError& a, const LoadError& b) {
    return std::tie(a.place.file, a.place.line, a.place.column) <
           std::tie(b.place.file, b.place.line, b.place.column);
  });
  return std::move(errors_);
}

}  // namespace berth
