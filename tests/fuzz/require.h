// What has to hold for every input.
#pragma once

#include <cstdlib>

/// Ends the fuzzer, which keeps the input, unless it holds.
inline void require(bool holds) {
  if (!holds)
    std::abort();
}
