// From an Authorization field to a verdict.
#include "proxy/logins.h"

#include <algorithm>

#include "proxy/header_name.h"
#include "proxy/text.h"

namespace berth::proxy {
namespace {

constexpr std::string_view kScheme = "Basic ";
/// bcrypt reads 72 bytes; nobody types more than this.
constexpr std::size_t kMaxCredentials = 1024;

bool has_control_byte(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; });
}

}  // namespace

Logins::Logins(os::EventLoop& loop, std::size_t max_pending)
    : loop_(loop),
      max_pending_(max_pending),
      workers_{HashWorker(
                   loop, [this](const HashResult& result) { on_result(result); },
                   [this] { on_worker_lost(0); }),
               HashWorker(
                   loop, [this](const HashResult& result) { on_result(result); },
                   [this] { on_worker_lost(1); })} {}

void Logins::configure(const std::string& htpasswd) {
  const std::uint64_t before = file_.version();
  file_.set_path(htpasswd);
  if (file_.version() != before)
    cache_.clear();
}

bool Logins::refresh() {
  if (file_.refresh(loop_.now()))
    cache_.clear();
  return file_.content().has_value();
}

Logins::Answer Logins::check(std::string_view authorization, std::string& user,
                             LoginWaiter& waiter) {
  if (!refresh())
    return Answer::closed;
  if (authorization.size() <= kScheme.size() ||
      !equals_ignoring_case(authorization.substr(0, kScheme.size()), kScheme))
    return Answer::denied;
  std::string credentials;
  if (!decode_base64(trimmed(authorization.substr(kScheme.size())), credentials) ||
      credentials.size() > kMaxCredentials || has_control_byte(credentials))
    return Answer::denied;
  const std::size_t colon = credentials.find(':');
  if (colon == std::string::npos || colon == 0)
    return Answer::denied;
  user.assign(credentials, 0, colon);
  const LoginDigest digest = cache_.digest(credentials);
  if (cache_.contains(digest))
    return Answer::accepted;
  return submit(user, credentials.substr(colon + 1), digest, waiter);
}

Logins::Answer Logins::submit(const std::string& user, const std::string& password,
                              const LoginDigest& digest, LoginWaiter& waiter) {
  for (const auto& job : jobs_) {
    if (job->digest == digest && job->file_version == file_.version()) {
      job->waiters.push_back(waiter);
      return Answer::pending;
    }
  }
  if (jobs_.size() >= max_pending_)
    return Answer::busy;
  const Htpasswd& users = *file_.content();
  const std::string* hash = users.hash_of(user);
  // An unknown user takes as long as a known one, so that the time tells no names.
  if (users.size() == 0)
    return Answer::denied;
  auto job = std::make_unique<Job>();
  job->id = next_id_++;
  job->digest = digest;
  job->file_version = file_.version();
  job->known = hash != nullptr;
  job->worker = free_worker();
  if (!workers_[job->worker].submit(
          {job->id, hash != nullptr ? *hash : users.any_hash(), password}))
    return Answer::busy;
  job->waiters.push_back(waiter);
  jobs_.push_back(std::move(job));
  return Answer::pending;
}

void Logins::tell(Job& job, LoginWaiter::Verdict verdict) {
  while (!job.waiters.empty()) {
    LoginWaiter& waiter = job.waiters.front();
    waiter.unlink();
    waiter.on_login(verdict);
  }
}

void Logins::on_result(const HashResult& result) {
  const auto found = std::find_if(jobs_.begin(), jobs_.end(),
                                  [&](const auto& job) { return job->id == result.id; });
  if (found == jobs_.end())
    return;
  const std::unique_ptr<Job> job = std::move(*found);
  jobs_.erase(found);
  const bool matches = result.matches && job->known;
  // The file may have changed while the hash was computed: then the old one decides no more.
  if (job->file_version != file_.version())
    return tell(*job, LoginWaiter::Verdict::busy);
  if (matches)
    cache_.add(job->digest);
  tell(*job, matches ? LoginWaiter::Verdict::accepted : LoginWaiter::Verdict::denied);
}

std::size_t Logins::free_worker() const {
  std::array<std::size_t, 2> load{};
  for (const auto& job : jobs_)
    ++load[job->worker];
  return load[1] < load[0] ? 1 : 0;
}

void Logins::on_worker_lost(std::size_t worker) {
  std::vector<std::unique_ptr<Job>> lost;
  for (auto& job : jobs_)
    if (job->worker == worker)
      lost.push_back(std::move(job));
  std::erase(jobs_, nullptr);
  for (const auto& job : lost)
    tell(*job, LoginWaiter::Verdict::busy);
}

}  // namespace berth::proxy
