// Logins: who may come in by HTTP's Basic authentication (RFC 7617), by an htpasswd file.
//
// A password hash takes milliseconds on purpose, so it is computed in a worker process, or in a
// second one while that has something to do; the loop asks and goes on. What has succeeded is
// remembered as a digest under a key that only this process knows, and forgotten when the file
// changes.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "init/os/event_loop.h"
#include "proxy/hash_worker.h"
#include "proxy/htpasswd.h"
#include "proxy/intrusive_list.h"
#include "proxy/login_cache.h"

namespace berth::proxy {

/// A request that waits for its password to be checked. Leaves by itself when it dies.
class LoginWaiter : public ListNode {
 public:
  virtual ~LoginWaiter() = default;
  enum class Verdict : std::uint8_t {
    accepted,
    denied,
    busy,  ///< too many are being checked, or the worker has died: try again later
  };
  virtual void on_login(Verdict verdict) noexcept = 0;
};

class Logins {
 public:
  enum class Answer : std::uint8_t {
    accepted,
    denied,
    pending,  ///< on_login() follows
    busy,     ///< too many are being checked
    closed,   ///< the htpasswd file is missing or cannot be read: nobody comes in
  };

  Logins(os::EventLoop& loop, std::size_t max_pending = kMaxPending);
  Logins(const Logins&) = delete;
  Logins& operator=(const Logins&) = delete;

  /// The file of a new route table; empty = none.
  void configure(const std::string& htpasswd);
  /// Checks the value of an Authorization field; `user` is set where one is named.
  Answer check(std::string_view authorization, std::string& user, LoginWaiter& waiter);

 private:
  static constexpr std::size_t kMaxPending = 64;
  /// Several requests with the same login wait for one computation.
  struct Job {
    std::uint64_t id = 0;
    LoginDigest digest;
    std::uint64_t file_version = 0;
    bool known = false;      ///< the file has that user
    std::size_t worker = 0;  ///< which one computes it
    IntrusiveList<LoginWaiter> waiters;
  };

  bool refresh();
  Answer submit(const std::string& user, const std::string& password, const LoginDigest& digest,
                LoginWaiter& waiter);
  void on_result(const HashResult& result);
  void on_worker_lost(std::size_t worker);
  /// The one that has least to do.
  std::size_t free_worker() const;
  static void tell(Job& job, LoginWaiter::Verdict verdict);

  os::EventLoop& loop_;
  std::size_t max_pending_;
  HtpasswdFile file_;
  LoginCache cache_;
  std::array<HashWorker, 2> workers_;
  std::vector<std::unique_ptr<Job>> jobs_;
  std::uint64_t next_id_ = 1;
};

}  // namespace berth::proxy
