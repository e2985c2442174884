// Making the run dir again.
#include "init/run_dir_watch.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "init/log.h"
#include "init/os/files.h"
#include "init/run_dir.h"

namespace berth {
namespace {

/// What berth has in it from its boot on.
constexpr std::array<const char*, 4> kOwn{"/lock", "/units", "/admin.sock", "/notify"};
/// Whoever removes a folder removes what is in it first, one after the other.
constexpr std::chrono::milliseconds kSettle{200};
constexpr std::chrono::seconds kRetry{5};

bool is_whole(const std::string& run_dir) {
  return std::all_of(kOwn.begin(), kOwn.end(),
                     [&](const char* name) { return os::exists(run_dir + name); });
}

}  // namespace

RunDirWatch::RunDirWatch(os::EventLoop& loop, std::string run_dir, Reopen reopen)
    : loop_(loop),
      run_dir_(std::move(run_dir)),
      reopen_(std::move(reopen)),
      on_removal_([this](os::Events) {
        watch_->forget();
        if (look_ == os::kNoTimer)
          look_ = loop_.after(kSettle, [this] { look(); });
      }) {}

RunDirWatch::~RunDirWatch() {
  end();
}

void RunDirWatch::begin(os::UniqueFd lock) {
  lock_ = std::move(lock);
  watch();
}

void RunDirWatch::end() {
  loop_.cancel(look_);
  if (!watch_)
    return;
  loop_.unwatch(watch_->fd());
  watch_->end();
}

void RunDirWatch::watch() {
  if (watch_)
    loop_.unwatch(watch_->fd());
  std::vector<std::string> paths{run_dir_};
  for (const char* name : kOwn)
    paths.push_back(run_dir_ + name);
  auto watch = os::RemovalWatch::begin(paths);
  if (!watch)
    return log_debug("the run dir is not watched: " + watch.error().message);
  watch_ = *std::move(watch);
  loop_.watch(watch_->fd(), true, false, on_removal_);
}

void RunDirWatch::look() {
  look_ = os::kNoTimer;
  if (is_whole(run_dir_))
    return watch();  // whoever made it again, these are other files
  if (const auto restored = restore(); !restored) {
    if (!std::exchange(failure_said_, true))
      log_error("somebody has removed " + run_dir_ +
                ", and it cannot be made again: " + restored.error().message);
    look_ = loop_.after(kRetry, [this] { look(); });
    return;
  }
  failure_said_ = false;
  reopen_();
  watch();
  log_warning("somebody has removed " + run_dir_ +
              ", or what berth has there: it is made again, without the units that were generated");
}

Result<void> RunDirWatch::restore() {
  if (os::exists(run_dir_ + "/lock"))
    return make_run_dir(run_dir_);
  lock_ = BERTH_TRY(claim_run_dir(run_dir_));
  return {};
}

}  // namespace berth
