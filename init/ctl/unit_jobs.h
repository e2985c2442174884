// start, stop, restart, reload and reset-failed of units: jobs that are begun together and waited
// for.
#pragma once

#include "init/ctl/berth_link.h"
#include "init/ctl/options.h"
#include "init/ctl/output.h"

namespace berth::ctl {

/// Begins a job for each unit of the command line, then waits for all unless told not to. Returns
/// the exit status.
int run_jobs(JobVerb verb, const Invocation& invocation, BerthLink& berth, const Output& output);

/// "there is no unit rdis; did you mean "redis"?"
Error with_suggestion(Error error, const std::string& name, BerthLink& berth);

}  // namespace berth::ctl
