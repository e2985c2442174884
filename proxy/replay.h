// Replays: which requests another machine answers. fly.io's edge sends a request again, to where
// the reply to it says (https://fly.io/docs/networking/dynamic-request-routing/).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "proxy/http_head.h"
#include "proxy/own_reply.h"
#include "proxy/regex.h"
#include "proxy/request_facts.h"
#include "units/proxy_spec.h"

namespace berth::proxy {

/// Where a request is sent again.
struct ReplayTarget {
  std::string region, app, machine;  ///< empty = not said
  int status = 307;
  bool failed = false;  ///< it has been there, and nobody answered: the page
  /// "region=fra", for the log.
  std::string text() const;
};

class Replays {
 public:
  Replays() = default;
  explicit Replays(const ProxySpec& spec);

  /// The first rule that matches and leads elsewhere. Nothing for a request that has been sent
  /// again already, or whose body is too large to be.
  std::optional<ReplayTarget> find(const HttpHead& head, std::string_view path) const;
  /// The same for a request to something that lives in `region`.
  std::optional<ReplayTarget> to_region(const HttpHead& head, std::string_view region) const;

  /// The same for a request of somebody who has been on `machine`. One that was there already is
  /// answered here.
  static std::optional<ReplayTarget> to_machine(const HttpHead& head, std::string_view machine);

 private:
  std::optional<ReplayTarget> made(const HttpHead& head, const ReplaySpec& rule,
                                   ReplayTarget target) const;

  std::string own_region_;
  std::vector<ReplaySpec> rules_;
  RegexList regexes_;
};

OwnReply replay_reply(const ReplayTarget& target);

}  // namespace berth::proxy
