// Loading the module's client side, and what the log hears of it.
#include "proxy/tls_targets.h"

#include <array>
#include <chrono>

#include "proxy/diagnostics.h"
#include "proxy/module.h"

namespace berth::proxy {
namespace {

constexpr std::chrono::minutes kReportPause{1};
constexpr std::size_t kMaxReason = 256;

Result<std::unique_ptr<TlsClientContext>> load_context() {
  void* const function = BERTH_TRY(load_module(kTlsModule, kTlsOpenClient));
  std::array<char, kMaxReason> why{};
  std::unique_ptr<TlsClientContext> made(reinterpret_cast<TlsOpenClient>(function)(why));
  if (made == nullptr)
    return Error{ErrorCode::unavailable, why.data(), 0};
  return made;
}

}  // namespace

std::unique_ptr<TlsClientSession> TlsTargets::open(os::BorrowedFd socket, const std::string& host,
                                                   os::TimePoint now) {
  if (context_ == nullptr) {
    auto loaded = load_context();
    if (!loaded) {
      complain("tls", loaded.error().message, now);
      return nullptr;
    }
    context_ = *std::move(loaded);
  }
  return std::unique_ptr<TlsClientSession>(context_->open(socket, host.c_str()));
}

void TlsTargets::complain(const std::string& target, const std::string& why, os::TimePoint now) {
  Complaint& last = complaints_[target];
  if (last.why == why && now - last.when < kReportPause)
    return;
  last = {why, now};
  report(target + ": " + why);
}

}  // namespace berth::proxy
