// Loading the module, the certificate and the key.
#include "proxy/tls_keeper.h"

#include <array>
#include <chrono>
#include <cstring>
#include <string>

#include "init/os/files.h"
#include "proxy/diagnostics.h"
#include "proxy/module.h"

namespace berth::proxy {
namespace {

constexpr std::chrono::seconds kLookEvery{1};
/// Chains are a few kilobytes.
constexpr std::size_t kMaxFile = std::size_t{1024} * 1024;
constexpr std::size_t kMaxReason = 256;

/// A private key that is no longer needed is not left in memory.
void wipe(std::string& text) {
  ::explicit_bzero(text.data(), text.size());
}

}  // namespace

void TlsKeeper::configure(const TlsSpec& spec) {
  if (spec == spec_)
    return;
  spec_ = spec;
  stamp_ = Stamp();
  next_look_ = os::TimePoint();
  if (spec_.certificate.empty())
    context_.reset();
}

Result<void> TlsKeeper::load() {
  if (open_ == nullptr)
    open_ = reinterpret_cast<TlsOpen>(BERTH_TRY(load_module(kTlsModule, kTlsOpen)));
  const std::string certificate = BERTH_TRY(os::read_regular(spec_.certificate, kMaxFile));
  std::string key = BERTH_TRY(os::read_regular(spec_.key, kMaxFile));
  std::array<char, kMaxReason> why{};
  std::unique_ptr<TlsContext> fresh(open_({certificate, key}, why));
  wipe(key);
  if (fresh == nullptr)
    return Error{ErrorCode::invalid,
                 "read " + spec_.certificate + " and " + spec_.key + ": " + why.data(), 0};
  context_ = std::move(fresh);
  return {};
}

void TlsKeeper::refresh(os::TimePoint now) {
  if (now < next_look_)
    return;
  next_look_ = now + kLookEvery;
  const Stamp stamp{os::file_info(spec_.certificate), os::file_info(spec_.key)};
  if (stamp == stamp_)
    return;
  stamp_ = stamp;
  const Result<void> loaded = load();
  if (!loaded)
    report("tls: " + loaded.error().message +
           (context_ == nullptr ? ": nobody can connect" : ": the old one stays in force"));
}

std::unique_ptr<Transport> TlsKeeper::open(os::BorrowedFd socket, bool http2, os::TimePoint now) {
  refresh(now);
  return std::unique_ptr<Transport>(context_ == nullptr ? nullptr : context_->open(socket, http2));
}

}  // namespace berth::proxy
