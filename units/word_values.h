// Readers of the values that are one of a few words, one for each type.
#pragma once

#include <optional>

#include "units/key_value.h"

namespace berth {

void read(Value& value, StartWhen& out);
void read(Value& value, OnChange& out);
void read(Value& value, Restart& out);
void read(Value& value, KillScope& out);
void read(Value& value, Endpoint& out);
void read(Value& value, OnHigh& out);
void read(Value& value, std::optional<Allocator>& out);
void read(Value& value, HugePages& out);
void read(Value& value, std::optional<StandardInput>& out);
void read(Value& value, LogFormat& out);
void read(Value& value, OnStall& out);
void read(Value& value, Symlinks& out);
void read(Value& value, BotAction& out);
void read(Value& value, std::optional<BotAction>& out);
void read(Value& value, ReplayFallback& out);
void read(Value& value, AccessLog& out);
void read(Value& value, IdleAction& out);

}  // namespace berth
