// HashWorker: a process of our own that computes password hashes, since they take long on purpose.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "init/os/event_loop.h"

namespace berth::proxy {

struct HashRequest {
  std::uint64_t id = 0;
  std::string hash;  ///< as the htpasswd file has it
  std::string password;
  template <class Self, class V>
  static void fields(Self& s, V& v) {
    v(s.id);
    v(s.hash);
    v(s.password);
  }
};
struct HashResult {
  std::uint64_t id = 0;
  bool matches = false;
  template <class Self, class V>
  static void fields(Self& s, V& v) {
    v(s.id);
    v(s.matches);
  }
};

/// Forked at the first need; it ends with its socket, or by itself when it has been idle for long.
/// It answers in order.
class HashWorker final : public os::FdHandler {
 public:
  /// on_lost: it has died, and no answer will come to what was asked.
  HashWorker(os::EventLoop& loop, std::function<void(const HashResult&)> on_result,
             std::function<void()> on_lost);
  ~HashWorker() override;
  HashWorker(const HashWorker&) = delete;
  HashWorker& operator=(const HashWorker&) = delete;

  /// False if it cannot be had or is behind.
  bool submit(const HashRequest& request);
  void on_events(os::Events events) noexcept override;

 private:
  bool start();
  void drop();

  os::EventLoop& loop_;
  std::function<void(const HashResult&)> on_result_;
  std::function<void()> on_lost_;
  os::UniqueFd socket_;
};

}  // namespace berth::proxy
