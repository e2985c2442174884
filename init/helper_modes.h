// Helper modes: berth executed again as a short-lived helper, for what may take long or hang and
// therefore must not happen in PID 1.
#pragma once

#include <optional>

namespace berth {

/// Runs `berth --helper MODE ARGUMENTS` and returns its exit status; nullopt if this is none. Call
/// it first in main(), before anything is opened. A helper kills itself (SIGALRM) after ten
/// seconds, `prepare` after sixty, `log-files` never.
///
///   memory PID…        "PID RSS PSS PRIVATE SWAP" a line, in KiB; "-" for what cannot be read
///   owns-port PORT PID…   exit status 0 if one of them holds the socket listening there, else 1
///   prepare WORDS…     what a life needs from files before its first process:
///     directory PATH USER GROUP MODE alone|recursive
///                      makes it, never following a symbolic link; an empty USER stays as it is,
///                      an empty GROUP is the user's
///     credentials FOLDER UID GID
///                      makes it anew, for that user alone; UID and GID may be empty
///     credential NAME PATH
///                      copies the file into that folder
///     file PATH, optional-file PATH, secrets FOLDER
///                      variables; they go to standard output as "NAME=value\0", each name once
///     required NAME    fails if none of these sets it
///   names (user NAME | group NAME | auto FILE FIRST LAST UNIT)…   those of them that the files or
///                      the name services know, and the uid that UNIT has in FILE, which is given
///                      one if it has none, as an encoded FoundNames (wire.h)
///   state-begin FOLDER, state-end FOLDER LINES   what the last end was like (state_folder.h); the
///                      first writes it to standard output, each line ended by a NUL
///   machine-api SOCKET PATH
///                      asks the machines API of fly.io there; exit status 0 if it agrees, or was
///                      cut off before it could say so
///   log-files          writes what packets at its standard output, a socket, ask for, until the
///                      other end is closed (log_files.h)
///
/// All say on standard error what is wrong, and then exit with 1 (or 2 for wrong words).
std::optional<int> run_helper_mode(int argc, char** argv);

}  // namespace berth
