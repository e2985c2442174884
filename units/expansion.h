// ${NAME}, ${NAME:-default} and $$ in the values of unit files.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "units/result.h"

namespace berth {

/// What the variables of one unit are. Looked up in this order: the instance's values; the unit's
/// own names; berth's environment.
struct Scope {
  const std::map<std::string, std::string>* environment = nullptr;  ///< null = empty
  std::map<std::string, std::string> values;                        ///< the instance's
  /// Names that the template declares: one that the instance leaves out is undefined, whatever
  /// berth's environment holds.
  std::vector<std::string> declared;
  std::string unit;
  std::string instance;
  std::string instance_dashed;
  std::string run_dir;
  mutable bool asked_for_run_dir = false;  ///< find() was asked for it
  /// A tenant: ${port} and ${socket} exist, but only from its start on.
  bool has_endpoint = false;

  /// The value of `name`, or null.
  const std::string* find(const std::string& name) const;
};

/// Whether a text is only complete at the unit's start.
enum class ExpandAt : unsigned char {
  load,   ///< ${port} and ${socket} are errors
  start,  ///< they stay as they are written, for expand_at_start()
};

/// `text` with its variables replaced. An undefined one without a default is an error; a `$` that
/// begins none of the three forms stands for itself.
/// `quote`, where given, is put over everything that is inserted.
Result<std::string> expand(std::string_view text, const Scope& scope, ExpandAt when,
                           std::string (*quote)(std::string_view) = nullptr);

/// The second half: replaces the ${NAME} of `values` ("port", "socket") in a string of a loaded
/// unit. Everything else in it is literal, `$$` too, except right before a name of `values`, where
/// `$$` is how expand() keeps a literal `$` apart.
std::string expand_at_start(std::string_view text,
                            const std::map<std::string, std::string>& values);

/// Whether ${NAME} can be written with this name: [A-Za-z_][A-Za-z0-9_]*.
bool is_variable_name(std::string_view name);

/// Whether expand() could change `text`.
inline bool mentions_variables(std::string_view text) {
  return text.find('$') != text.npos;
}

}  // namespace berth
