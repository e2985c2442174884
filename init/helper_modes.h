// Helper modes: berth executed again as a short-lived helper, for what may take long or hang and
// therefore must not happen in PID 1.
#pragma once

#include <optional>

namespace berth {

/// Runs `berth --helper MODE ARGUMENTS` and returns its exit status; nullopt if this is none. Call
/// it first in main(), before anything is opened. A helper kills itself (SIGALRM) after ten
/// seconds.
///
///   memory PID…        "PID RSS PSS PRIVATE SWAP" a line, in KiB; "-" for what cannot be read
///   owns-port PORT PID…   exit status 0 if one of them holds the socket listening there, else 1
///   directories (PATH USER GROUP MODE)…   makes them, never following a symbolic link; an empty
///                      USER stays as it is, an empty GROUP is the user's; exit status 1 on failure
///   names (user NAME | group NAME)…   those of them that the files or the name services know, as
///                      an encoded FoundNames (wire.h)
std::optional<int> run_helper_mode(int argc, char** argv);

}  // namespace berth
