// Words and what they mean.
#include "units/word_values.h"

namespace berth {

void read(Value& value, StartWhen& out) {
  value.choice<StartWhen>(
      out,
      {{"boot", StartWhen::boot}, {"demand", StartWhen::demand}, {"manual", StartWhen::manual}});
}

void read(Value& value, OnChange& out) {
  value.choice<OnChange>(out, {{"restart", OnChange::restart},
                               {"when-idle", OnChange::when_idle},
                               {"keep", OnChange::keep}});
}

void read(Value& value, Restart& out) {
  value.choice<Restart>(out, {{"on-failure", Restart::on_failure},
                              {"always", Restart::always},
                              {"never", Restart::never}});
}

void read(Value& value, KillScope& out) {
  value.choice<KillScope>(
      out, {{"unit", KillScope::unit}, {"group", KillScope::group}, {"main", KillScope::main}});
}

void read(Value& value, Endpoint& out) {
  value.choice<Endpoint>(
      out,
      {{"port", Endpoint::port}, {"socket", Endpoint::socket}, {"activated", Endpoint::activated}});
}

void read(Value& value, OnHigh& out) {
  value.choice<OnHigh>(out, {{"log", OnHigh::log},
                             {"restart-when-idle", OnHigh::restart_when_idle},
                             {"restart", OnHigh::restart}});
}

void read(Value& value, std::optional<Allocator>& out) {
  value.choice<std::optional<Allocator>>(out, {{"jemalloc", Allocator::jemalloc},
                                               {"mimalloc", Allocator::mimalloc},
                                               {"system", Allocator::system}});
}

void read(Value& value, HugePages& out) {
  value.choice<HugePages>(out, {{"never", HugePages::never}, {"system", HugePages::system}});
}

void read(Value& value, LogFormat& out) {
  value.choice<LogFormat>(out, {{"prefix", LogFormat::prefix},
                                {"json", LogFormat::json},
                                {"raw", LogFormat::raw},
                                {"none", LogFormat::none}});
}

void read(Value& value, OnStall& out) {
  value.choice<OnStall>(out, {{"drop", OnStall::drop}, {"block", OnStall::block}});
}

void read(Value& value, std::optional<StandardInput>& out) {
  value.choice(out.emplace(), {{"null", StandardInput::null}, {"tty", StandardInput::tty}});
}

void read(Value& value, Symlinks& out) {
  value.choice<Symlinks>(
      out, {{"below", Symlinks::below}, {"none", Symlinks::none}, {"any", Symlinks::any}});
}

void read(Value& value, BotAction& out) {
  value.choice<BotAction>(out, {{"allow", BotAction::allow},
                                {"static-only", BotAction::static_only},
                                {"reject", BotAction::reject}});
}
void read(Value& value, std::optional<BotAction>& out) {
  BotAction action = BotAction::allow;
  read(value, action);
  out = action;
}

void read(Value& value, ReplayFallback& out) {
  value.choice<ReplayFallback>(out,
                               {{"page", ReplayFallback::page}, {"here", ReplayFallback::here}});
}

void read(Value& value, AccessLog& out) {
  value.choice<AccessLog>(
      out,
      {{"json", AccessLog::json}, {"combined", AccessLog::combined}, {"none", AccessLog::none}});
}

void read(Value& value, IdleAction& out) {
  value.choice<IdleAction>(out, {{"none", IdleAction::none},
                                 {"exit", IdleAction::exit},
                                 {"stop", IdleAction::stop},
                                 {"suspend", IdleAction::suspend}});
}

}  // namespace berth
