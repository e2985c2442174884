// Matching, and the JSON form of fly-replay.
#include "proxy/replay.h"

#include <algorithm>

#include "proxy/text.h"
#include "units/scan.h"

namespace berth::proxy {
namespace {

std::string filled_in(const std::string& text, const Captures& captures) {
  std::string out;
  append_template(out, text, captures);
  return out;
}

void append_member(std::string& json, std::string_view name, std::string_view value) {
  if (value.empty())
    return;
  json += json.size() > 1 ? ",\"" : "\"";
  json += name;
  json += "\":\"";
  append_json(json, value);
  json += '"';
}

/// A part of a host name (RFC 1123 section 2.1).
bool is_label(std::string_view text) {
  constexpr std::size_t kLongest = 63;
  return !text.empty() && text.size() <= kLongest && text.front() != '-' && text.back() != '-' &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return scan::is_alnum(c) || c == '-'; });
}

/// The first port on which no TLS is spoken; 0 = there is none.
std::uint16_t plain_port(const ProxySpec& spec) {
  const auto found =
      std::find_if(spec.listen.begin(), spec.listen.end(), [&spec](const Address& address) {
        return address.family == Address::Family::tcp && !spec.tls.covers(address);
      });
  return found == spec.listen.end() ? 0 : found->port;
}

}  // namespace

std::string ReplayTarget::text() const {
  std::string text;
  const auto add = [&](std::string_view name, const std::string& value) {
    if (!value.empty())
      (((text += text.empty() ? "" : ";") += name) += '=') += value;
  };
  add("app", app);
  add("region", region);
  add("instance", machine);
  return text;
}

Replays::Replays(const ProxySpec& spec)
    : own_region_(spec.region), own_app_(spec.app), port_(plain_port(spec)), rules_(spec.replays) {
  for (const ReplaySpec& rule : rules_)
    regexes_.add(rule.path);
  regexes_.compile();
}

std::optional<ReplayTarget> Replays::made(const HttpHead& head, const ReplaySpec& rule,
                                          ReplayTarget target) const {
  if (!target.region.empty() && target.region == own_region_ && target.machine.empty())
    return std::nullopt;
  // Twice would be for ever: somebody over there thinks that it belongs here.
  if (!head.value(HeaderName::fly_replay_failed).empty()) {
    target.failed = true;
    return rule.fallback == ReplayFallback::page ? std::optional(target) : std::nullopt;
  }
  if (!head.value(HeaderName::fly_replay_src).empty())
    return std::nullopt;
  const bool too_large =
      head.body == BodyKind::chunked || head.content_length > rule.max_body.count;
  if (!too_large)
    return target;
  target.host = host_of(target);
  return target.host.empty() ? std::nullopt : std::optional(std::move(target));
}

std::string Replays::host_of(const ReplayTarget& target) const {
  const std::string& app = target.app.empty() ? own_app_ : target.app;
  // What a client may have put in is one label of a name, and the name is one of that network.
  const bool are_labels = is_label(app) && (target.machine.empty() || is_label(target.machine)) &&
                          (target.region.empty() || is_label(target.region));
  if (port_ == 0 || !are_labels)
    return {};
  const std::string place = !target.machine.empty()  ? target.machine + ".vm."
                            : !target.region.empty() ? target.region + "."
                                                     : "";
  return place + app + ".internal";
}

std::string Replays::source_field() const {
  return "Fly-Replay-Src: region=" + (own_region_.empty() ? "unknown" : own_region_) + "\r\n";
}

std::optional<ReplayTarget> Replays::find(const HttpHead& head, std::string_view path) const {
  if (regexes_.empty())
    return std::nullopt;
  const std::vector<int> hits = regexes_.matches(path);
  for (const int hit : hits) {
    const auto number = static_cast<std::size_t>(hit);
    const ReplaySpec& rule = rules_[number];
    const std::string_view method = head.text(head.method_text);
    if (!rule.methods.empty() &&
        std::find(rule.methods.begin(), rule.methods.end(), method) == rule.methods.end())
      continue;
    Captures captures;
    regexes_.capture(number, path, captures);
    ReplayTarget target;
    target.region = filled_in(rule.region, captures);
    target.app = filled_in(rule.app, captures);
    target.machine = filled_in(rule.machine, captures);
    target.status = static_cast<int>(rule.status);
    if (auto there = made(head, rule, std::move(target)))
      return there;
  }
  return std::nullopt;
}

std::optional<ReplayTarget> Replays::to_region(const HttpHead& head,
                                               std::string_view region) const {
  // Outside of fly.io, or where the unit file does not say where this is, everything is here.
  if (region.empty() || own_region_.empty())
    return std::nullopt;
  ReplayTarget target;
  target.region = region;
  return made(head, ReplaySpec(), std::move(target));
}

std::optional<ReplayTarget> Replays::to_machine(const HttpHead& head, std::string_view machine) {
  ReplaySpec rule;
  rule.fallback = ReplayFallback::here;
  ReplayTarget target;
  target.machine = machine;
  return Replays().made(head, rule, std::move(target));
}

OwnReply replay_reply(const ReplayTarget& target) {
  OwnReply reply;
  reply.kind = ReplyKind::replay;
  reply.status = target.status;
  reply.type = "application/vnd.fly.replay+json";
  reply.fields = "Cache-Control: no-store\r\n";
  reply.body = "{";
  append_member(reply.body, "app", target.app);
  append_member(reply.body, "region", target.region);
  append_member(reply.body, "instance", target.machine);
  // Where nobody answers there the request comes back, marked with fly-replay-failed.
  append_member(reply.body, "timeout", "30s");
  append_member(reply.body, "fallback", "force_self");
  reply.body += "}\n";
  return reply;
}

}  // namespace berth::proxy
