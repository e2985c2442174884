// FieldEdits: header fields that a route sets, with their values for one request.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "proxy/http_head.h"
#include "proxy/request_facts.h"
#include "units/route_spec.h"

namespace berth::proxy {

class FieldEdits {
 public:
  /// Fills in $host (as the client named it), $remote_addr and $scheme.
  void assign(const std::vector<HeaderEdit>& edits, const HttpHead& head,
              const RequestFacts& facts);
  void clear() {
    edits_.clear();
    beside_.clear();
  }
  /// Fields that come beside others of their name. REQUIRES: each with its line end.
  void set_beside(std::string field) { beside_ = std::move(field); }
  /// Whether a field of that name is replaced, or taken out.
  bool replaces(std::string_view name) const;
  /// Appends the new fields.
  void append(std::string& out) const;

 private:
  std::vector<HeaderEdit> edits_;
  std::string beside_;
};

/// "https" if the request came to a trusted proxy that way, else "http".
std::string_view scheme_of(const HttpHead& head, const RequestFacts& facts);

}  // namespace berth::proxy
