// Matching, and the JSON form of fly-replay.
#include "proxy/replay.h"

#include <algorithm>

#include "proxy/text.h"

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

Replays::Replays(const ProxySpec& spec) : own_region_(spec.region), rules_(spec.replays) {
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
  return too_large ? std::nullopt : std::optional(std::move(target));
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
    if (auto target = made(head, rule,
                           {filled_in(rule.region, captures), filled_in(rule.app, captures),
                            filled_in(rule.machine, captures), static_cast<int>(rule.status)}))
      return target;
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
