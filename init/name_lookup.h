// NameLookup: has a helper process ask the name services (LDAP, systemd-userdb …) for users and
// groups that are in no file. They may go over the network and hang: PID 1 never asks them itself.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "init/identity.h"
#include "init/os/event_loop.h"
#include "init/os/process.h"
#include "init/reaper.h"
#include "units/unit.h"

namespace berth {

/// Names to ask for.
struct WantedNames {
  std::set<std::string> users, groups;
  /// A unit that wants a uid of its own, from where to where.
  struct Auto {
    std::string unit;
    std::uint32_t first = 0, last = 0;
  };
  std::optional<Auto> own;

  bool empty() const { return users.empty() && groups.empty() && !own; }
  /// For messages: "user "alice", group "staff"".
  std::string str() const;
};

/// The names of users and groups that a life of `unit` needs, its commands included, and that
/// neither are numbers nor stand in /etc/passwd, /etc/group or `known`. user: whom the unit runs
/// as,
/// "" = as berth.
WantedNames unknown_names(const Unit& unit, const std::string& user, const FoundNames& known = {});
/// What the helper is told (helper_modes.h). uid_file: where uids of `auto` are kept.
std::vector<std::string> helper_arguments(const WantedNames& wanted, const std::string& uid_file);

/// One question of one life, which owns it. Destroy it to be told no more; the helper is killed.
class NameLookup {
 public:
  /// A helper that has been started. It has a time limit of its own.
  struct Question {
    os::Spawned helper;
    os::UniqueFd answer;  ///< non-blocking; at its other end the helper writes a FoundNames
  };
  /// What was found may be less than what was wanted. An error says why nothing could be asked.
  using Done = std::function<void(Result<FoundNames> found)>;

  /// Calls `done` once, from the loop; it may destroy this object.
  NameLookup(os::EventLoop& loop, Reaper& reaper, Question question, Done done);
  ~NameLookup();
  NameLookup(const NameLookup&) = delete;
  NameLookup& operator=(const NameLookup&) = delete;

  /// SIGKILL to the helper: `done` is told of a failure.
  void kill();

 private:
  /// Reads what is there; stops watching at the end.
  void read_answer();
  void on_exit(const os::ExitStatus& status);
  Result<FoundNames> judge(const os::ExitStatus& status) const;

  os::EventLoop& loop_;
  Reaper& reaper_;
  Question question_;
  Done done_;
  os::FunctionHandler on_answer_;
  std::string answer_;
};

}  // namespace berth
