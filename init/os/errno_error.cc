// errno as an Error.
#include "init/os/errno_error.h"

#include <cerrno>
#include <cstring>

namespace berth::os {

std::string errno_text(int number) {
  const char* text = ::strerrordesc_np(number);
  return text != nullptr ? text : "error " + std::to_string(number);
}

bool is_passing(int number) {
  return number == EAGAIN || number == ENOMEM || number == EMFILE || number == ENFILE ||
         number == ETXTBSY || number == ENOSPC || number == EDQUOT;
}

Error errno_error(std::string_view attempted, int number) {
  ErrorCode code = ErrorCode::system;
  if (number == ENOENT)
    code = ErrorCode::not_found;
  else if (number == EACCES || number == EPERM)
    code = ErrorCode::denied;
  else if (number == EEXIST || number == EADDRINUSE)
    code = ErrorCode::exists;
  return Error{code, std::string(attempted) + ": " + errno_text(number), number};
}

Error errno_error(std::string_view attempted) {
  return errno_error(attempted, errno);
}

}  // namespace berth::os
