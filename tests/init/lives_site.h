// A site for the tests of what Lives does with its helpers: all its parts, around one unit "web".
#pragma once

#include <string>

#include <gtest/gtest.h>

#include "init/lives.h"

namespace berth {

/// clock: FakeClock, or os::SystemClock where real processes are waited for.
template <typename Clock>
class LivesTest : public testing::Test {
 protected:
  LivesTest() { set_log_sink(&logs_); }
  ~LivesTest() override { set_log_sink(nullptr); }

  static Unit service() {
    Unit unit;
    unit.name = *UnitName::parse("web");
    return unit;
  }

  Clock clock_;
  os::EventLoop loop_{clock_};
  LogHub logs_{loop_, os::UniqueFd()};
  Settings settings_;
  UnitTable table_;
  Reaper reaper_;
  Endpoints endpoints_{settings_};
  ProxyLinks proxies_{loop_, settings_};
  Resources resources_{loop_, CgroupLayout{}, ""};
  Launcher launcher_{settings_, logs_, endpoints_, proxies_, resources_};
  Cleaner cleaner_{loop_, table_, logs_, resources_.groups(), settings_};
  Readiness readiness_{{loop_, table_, reaper_, logs_, launcher_, endpoints_, cleaner_}};
  Provisions provisions_{loop_, reaper_, logs_, launcher_, settings_};
  JobRuns jobs_{loop_, table_, reaper_, logs_, launcher_, resources_};
  Lives lives_{{loop_, table_, reaper_, logs_, launcher_, endpoints_, cleaner_, provisions_,
                readiness_, proxies_, jobs_, resources_, settings_}};
  UnitRuntime& unit_ = table_.add(service());
};

}  // namespace berth
