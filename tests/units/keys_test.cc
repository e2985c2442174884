// Every key of the table: a good value is taken, a bad one is refused in words.
#include "units/keys.h"

#include <algorithm>
#include <array>
#include <set>
#include <stdexcept>

#include <gtest/gtest.h>

#include "tests/units/load.h"
#include "units/unit_changes.h"

namespace berth {
namespace {

using testing::Lines;

/// One key with a value that differs from its default, and one that is wrong.
struct Sample {
  std::string_view table;
  std::string_view key;
  std::string_view good;
  std::string_view bad;
  std::string_view complaint;  ///< what follows the name of the key
};

// clang-format off: a table, one key a line
constexpr auto kSamples = std::to_array<Sample>({
    {"[unit]", "description", R"~("Redis")~", R"~(1)~",
     R"~("description" in [unit] must be a string, not a number)~"},
    {"[unit]", "documentation", R"~(["man:x(1)"])~", R"~("man:x(1)")~",
     R"~("documentation" in [unit] must be a list of strings, not a string)~"},
    {"[unit]", "requires", R"~(["other"])~", R"~("other")~",
     R"~("requires" in [unit] must be a list of unit names, not a string)~"},
    {"[unit]", "wants", R"~(["other"])~", R"~([1])~",
     R"~("wants" in [unit] must be a list of unit names, not a number)~"},
    {"[unit]", "after", R"~(["other"])~", R"~({})~",
     R"~("after" in [unit] must be a list of unit names, not a table)~"},
    {"[unit]", "before", R"~(["other"])~", R"~(["othr"])~",
     R"~(before "othr", which does not exist; did you mean "other"?)~"},
    {"[unit]", "conflicts", R"~(["idle"])~", R"~(["mine"])~",
     R"~(conflicts "mine", which does not exist)~"},
    {"[unit]", "part_of", R"~(["other"])~", R"~("other")~",
     R"~("part_of" in [unit] must be a list of unit names, not a string)~"},
    {"[unit]", "on_failure", R"~(["other"])~", R"~(true)~",
     R"~("on_failure" in [unit] must be a list of unit names, not true or false)~"},
    {"[unit]", "essential", R"~(true)~", R"~("yes")~",
     R"~("essential" in [unit] must be true or false, not a string)~"},
    {"[unit]", "main", R"~(true)~", R"~(1)~",
     R"~("main" in [unit] must be true or false, not a number)~"},
    {"[unit]", "condition", R"~({ env = "HOME", path_missing = "/x" })~", R"~("HOME")~",
     R"~("condition" in [unit] must be a table, not a string)~"},
    {"[unit.condition]", "env", R"~({ MODE = "fast" })~", R"~(1)~",
     R"~("env" in [unit.condition] must be the name of a variable, or a table of names and values, not a number)~"},
    {"[unit.condition]", "path_exists", R"~("/x")~", R"~("x")~",
     R"~("path_exists" in [unit.condition] must be an absolute path, or a list of them, not "x")~"},
    {"[unit.condition]", "path_missing", R"~(["/x", "/y"])~", R"~(["/x", 1])~",
     R"~("path_missing" in [unit.condition] must be an absolute path, or a list of them, not a number)~"},
    {"[unit]", "start", R"~("manual")~", R"~("boots")~",
     R"~("start" in [unit] must be "boot", "demand" or "manual", not "boots"; did you mean "boot"?)~"},
    {"[unit]", "on_change", R"~("keep")~", R"~("idle")~",
     R"~("on_change" in [unit] must be "restart", "when-idle" or "keep", not "idle")~"},
    {"[service]", "command", R"~(["a", "b"])~", R"~([])~",
     R"~("command" in [service] names no program)~"},
    {"[service]", "address", R"~(":3000")~", R"~("3000")~",
     R"~("address" in [service] must be an address such as "127.0.0.1:3000" or "unix:/run/x.sock", not "3000": ":PORT" is missing)~"},
    {"[service]", "watchdog", R"~("30s")~", R"~(30)~",
     R"~("watchdog" in [service] must be a duration such as "5s", not a number)~"},
    {"[service]", "restart", R"~("always")~", R"~("no")~",
     R"~("restart" in [service] must be "on-failure", "always" or "never", not "no")~"},
    {"[service]", "restart_delay", R"~("1s")~", R"~(1)~",
     R"~("restart_delay" in [service] must be a duration such as "5s", not a number)~"},
    {"[service]", "restart_delay_max", R"~("1m")~", R"~("50ms")~",
     R"~("restart_delay" is longer than "restart_delay_max")~"},
    {"[service]", "restart_limit", R"~(0)~", R"~(-1)~",
     R"~("restart_limit" in [service] must be a whole number not below 0, not "-1")~"},
    {"[service]", "restart_window", R"~("1h")~", R"~("0")~",
     R"~("restart_window" in [service] must be longer than zero)~"},
    {"[service]", "before_start", R"~(["a b", ["c", "d"], { command = "e" }])~", R"~("a")~",
     R"~("before_start" in [service] must be a list of commands, each a string, a list of strings or a table, not a string)~"},
    {"[service]", "after_start", R"~(["a"])~", R"~(["'a"])~",
     R"~("after_start" in [service] must be a command: a string or a list of strings, not "'a": a quote ' is never closed)~"},
    {"[service]", "after_stop", R"~(["a"])~", R"~([{ timeout = "1s" }])~",
     R"~("after_stop" in [service] holds a table without "command")~"},
    {"[service]", "stop_signal", R"~("INT")~", R"~("SIGFOO")~",
     R"~("stop_signal" in [service] must be a signal such as "SIGTERM", not "SIGFOO": "SIGFOO" is no signal's name)~"},
    {"[service]", "stop_timeout", R"~("1s")~", R"~("fast")~",
     R"~("stop_timeout" in [service] must be a duration such as "5s", not "fast": a number is missing before "fast")~"},
    {"[service]", "kill", R"~("main")~", R"~("process")~",
     R"~("kill" in [service] must be "unit", "group" or "main", not "process")~"},
    {"[service]", "reload_signal", R"~("HUP")~", R"~(0)~",
     R"~("reload_signal" in [service] must be a signal such as "SIGTERM", not "0": signals are numbered from 1 to 64)~"},
    {"[service]", "reload_command", R"~("a b")~", R"~(1)~",
     R"~("reload_command" in [service] must be a command: a string or a list of strings, not a number)~"},
    {"[service]", "success_exit", R"~([3, "SIGUSR1"])~", R"~([256])~",
     R"~("success_exit" in [service] must be a list of exit codes (0 to 255) and signals, not "256")~"},
    {"[service]", "listen", R"~([":3", { address = "unix:/run/x" }])~", R"~([":3", "3"])~",
     R"~("listen" in [service] must be an address such as "127.0.0.1:3000" or "unix:/run/x.sock", not "3": ":PORT" is missing)~"},
    {"[service]", "idle_timeout", "\"5m\"\nlisten = \":3\"\n[unit]\nstart = \"demand\"",
     R"~("5m")~", R"~("idle_timeout" needs "start" = "demand", and "listen" or "address")~"},
    {"[[service.listen]]", "address", R"~(":4")~", R"~(4)~",
     R"~("address" in [[service.listen]] must be an address such as "127.0.0.1:3000" or "unix:/run/x.sock", not a number)~"},
    {"[[service.listen]]", "name", R"~("http")~", R"~("a:b")~",
     R"~("name" in [[service.listen]] must be 1 to 255 printable ASCII characters without ":", not "a:b")~"},
    {"[[service.listen]]", "user", R"~("www-data")~", R"~(33)~",
     R"~("user" in [[service.listen]] must be a string, not a number)~"},
    {"[[service.listen]]", "group", R"~("www-data")~", R"~(33)~",
     R"~("group" in [[service.listen]] must be a string, not a number)~"},
    {"[[service.listen]]", "mode", R"~("0666")~", R"~(666)~",
     R"~("mode" in [[service.listen]] must be a string of octal digits such as "0755", not a number)~"},
    {"[job]", "command", R"~("a")~", R"~("")~", R"~("command" in [job] names no program)~"},
    {"[job]", "steps", R"~(["a", "b"])~", R"~([""])~", R"~("steps" in [job] names no program)~"},
    {"[job]", "timeout", R"~("1h")~", R"~("0")~",
     R"~("timeout" in [job] must be longer than zero)~"},
    {"[job]", "reload", R"~(true)~", R"~("true")~",
     R"~("reload" in [job] must be true or false, not a string)~"},
    {"[job]", "instances", R"~("/run/x.toml")~", R"~("x.toml")~",
     R"~("instances" in [job] must be an absolute path, not "x.toml")~"},
    {"[job]", "retries", R"~(3)~", R"~(-1)~",
     R"~("retries" in [job] must be a whole number not below 0, not "-1")~"},
    {"[job]", "retry_delay", R"~("5s")~", R"~(5)~",
     R"~("retry_delay" in [job] must be a duration such as "5s", not a number)~"},
    {"[job]", "interface", R"~("cgi")~", R"~("fcgi")~",
     R"~("interface" in [job] must be "none" or "cgi", not "fcgi"; did you mean "cgi"?)~"},
    {"[job]", "on", R"~(["manual", "resume"])~", R"~("never")~",
     R"~("on" in [job] must be "boot", "reload", "idle", "resume", "shutdown" or "manual", not "never")~"},
    {"[job]", "every", R"~("1h")~", R"~("10ms")~",
     R"~("every" in [job] must be one second or longer)~"},
    {"[job]", "schedule", R"~("30 3 * * mon-fri")~", R"~("30 3 * *")~",
     R"~("schedule" in [job] must be a schedule such as "30 3 * * mon-fri", not "30 3 * *": it has 4 fields of five)~"},
    {"[tenant]", "path", R"~("/x/")~", R"~("/x")~",
     R"~("path" in [tenant] must be a path that begins and ends with "/", not "/x")~"},
    {"[tenant]", "hosts", R"~(["x.example.org"])~", R"~(["X"])~",
     R"~("hosts" in [tenant] must be a list of host names in lower case, not "X")~"},
    {"[tenant]", "endpoint", R"~("socket")~", R"~("tcp")~",
     R"~("endpoint" in [tenant] must be "port", "socket" or "activated", not "tcp")~"},
    {"[tenant]", "ports", R"~("5000-5100")~", R"~("5000")~",
     R"~("ports" in [tenant] must be a range of ports such as "4000-4999", not "5000")~"},
    {"[tenant]", "vars", R"~(["a?"])~", R"~(["a b"])~", R"~("a b" is no name of a variable)~"},
    {"[tenant]", "idle_timeout", R"~("1h")~", R"~("1 hour")~",
     R"~("idle_timeout" in [tenant] must be a duration such as "5s", not "1 hour": " hour" is no unit of time (ms, s, m, h, d, w, y))~"},
    {"[tenant]", "count_websockets", R"~(false)~", R"~(0)~",
     R"~("count_websockets" in [tenant] must be true or false, not a number)~"},
    {"[tenant]", "hold", R"~("1s")~", R"~(true)~",
     R"~("hold" in [tenant] must be a duration such as "5s", not true or false)~"},
    {"[tenant]", "queue", R"~(1)~", R"~(1.5)~",
     R"~("queue" in [tenant] must be a whole number not below 0, not a number with decimals)~"},
    {"[tenant]", "max_requests", R"~(16)~", R"~("16")~",
     R"~("max_requests" in [tenant] must be a whole number not below 0, not a string)~"},
    {"[tenant]", "max_running", R"~(1)~", R"~("1")~",
     R"~("max_running" in [tenant] must be a whole number not below 0, not a string)~"},
    {"[tenant]", "max_starting", R"~(1)~", R"~(4294967296)~",
     R"~("max_starting" in [tenant] must be a whole number not below 0, not "4294967296")~"},
    {"[tenant]", "public", R"~(["/x", "/y/", "*.css"])~", R"~(["x"])~",
     R"~("public" in [tenant] must be a list of paths ("/x", "/x/") and extensions ("*.ext"), not "x")~"},
    {"[tenant]", "bots", R"~("reject")~", R"~("block")~",
     R"~("bots" in [tenant] must be "allow", "static-only" or "reject", not "block")~"},
    {"[tenant]", "region", R"~("fra")~", R"~(1)~",
     R"~("region" in [tenant] must be a string, not a number)~"},
    {"[tenant]", "auth", R"~(false)~", R"~([])~",
     R"~("auth" in [tenant] must be true or false, not an array)~"},
    {"[tenant]", "proxy", R"~("front")~", R"~("other")~", R"~(proxy "other", which is no proxy)~"},
    {"ready", "http", R"~("http://127.0.0.1:81/up")~", R"~("ftp://x")~",
     R"~("http" in ready must be a path or a URL such as "http://127.0.0.1:3000/up", not "ftp://x")~"},
    {"ready", "status", R"~("200-204")~", R"~("2xx,4xx")~",
     R"~("status" in ready must be statuses such as "2xx,3xx", "200" or "any", not "2xx,4xx": they must be one range without gaps)~"},
    {"ready", "tcp", R"~("127.0.0.1:1")~", R"~("unix:/x")~",
     R"~("tcp" in ready must be an address such as "127.0.0.1:6379", not "unix:/x": a Unix socket is asked by "unix")~"},
    {"ready", "unix", R"~("/run/x")~", R"~("x")~",
     R"~("unix" in ready must be the absolute path of a socket, not "x": the path of a Unix socket begins with "/")~"},
    {"ready", "file", R"~("/run/x")~", R"~(1)~",
     R"~("file" in ready must be a string, not a number)~"},
    {"ready", "notify", R"~(true)~", R"~(false)~",
     R"~("notify" in ready must be true, not "false": whoever does not want it leaves it out)~"},
    {"ready", "log", R"~("*listening on*")~", R"~("")~", R"~("log" in ready matches no line)~"},
    {"ready", "command", R"~(["a", "b"])~", R"~([])~", R"~("command" in ready names no program)~"},
    {"ready", "timeout", R"~("1s")~", R"~("0")~",
     R"~("timeout" in ready must be longer than zero)~"},
    {"ready", "interval", R"~("1s")~", R"~("1")~",
     R"~("interval" in ready must be a duration such as "5s", not "1": a number lacks its unit (ms, s, m, h, d, w, y))~"},
    {"health", "http", R"~("http://127.0.0.1:81/up")~", R"~("up")~",
     R"~("http" in health must be a path or a URL such as "http://127.0.0.1:3000/up", not "up")~"},
    {"health", "status", R"~("any")~", R"~("6xx")~",
     R"~("status" in health must be statuses such as "2xx,3xx", "200" or "any", not "6xx")~"},
    {"health", "tcp", R"~("127.0.0.1:1")~", R"~("localhost")~",
     R"~("tcp" in health must be an address such as "127.0.0.1:6379", not "localhost": ":PORT" is missing)~"},
    {"health", "unix", R"~("/run/x")~", R"~("x")~",
     R"~("unix" in health must be the absolute path of a socket, not "x": the path of a Unix socket begins with "/")~"},
    {"health", "command", R"~("a b")~", R"~("")~", R"~("command" in health names no program)~"},
    {"health", "interval", R"~("1s")~", R"~("0")~",
     R"~("interval" in health must be longer than zero)~"},
    {"health", "timeout", R"~("1s")~", R"~("0")~",
     R"~("timeout" in health must be longer than zero)~"},
    {"health", "failures", R"~(1)~", R"~(0)~",
     R"~("failures" in health must be a whole number not below 1, not "0")~"},
    {"a command", "command", R"~(["x", "y"])~", R"~({})~",
     R"~("command" in a command must be a command: a string or a list of strings, not a table)~"},
    {"a command", "timeout", R"~("1s")~", R"~(1)~",
     R"~("timeout" in a command must be a duration such as "5s", not a number)~"},
    {"a command", "user", R"~("root")~", R"~(0)~",
     R"~("user" in a command must be a string, not a number)~"},
    {"a command", "background", R"~(false)~", R"~(true)~",
     R"~("after_stop" in [service] cannot run in the background: only a step of a job can)~"},
    {"[process]", "user", R"~("www-data")~", R"~(33)~",
     R"~("user" in [process] must be a string, not a number)~"},
    {"[process]", "group", R"~("www-data")~", R"~([])~",
     R"~("group" in [process] must be a string, not an array)~"},
    {"[process]", "uid_range", R"~("1000-1999")~", R"~("1000")~",
     R"~("uid_range" in [process] must be a range of uids such as "61000-64999", not "1000")~"},
    {"[process]", "groups", R"~(["audio"])~", R"~("audio")~",
     R"~("groups" in [process] must be a list of strings, not a string)~"},
    {"[process]", "working_directory", R"~("/srv")~", R"~("srv")~",
     R"~("working_directory" in [process] must be an absolute path, not "srv")~"},
    {"[process]", "env", R"~({ A = "x", B = 1, C = false, D = 1.5 })~", R"~({ A = true })~",
     R"~("env" in [process] must be a string, a number, or false for each variable, not true or false)~"},
    {"[process]", "inherit_env", R"~(["LANG", "LC_*"])~", R"~("LANG")~",
     R"~("inherit_env" in [process] must be true, false or a list of names, not a string)~"},
    {"[process]", "env_file", R"~(["/etc/a.env", "-/etc/b.env"])~", R"~("a.env")~",
     R"~("env_file" in [process] must be an absolute path, with "-" before it if it may be missing, not "a.env")~"},
    {"[process]", "required_env", R"~(["SECRET_KEY_BASE"])~", R"~(["A=1"])~",
     R"~("required_env" in [process] must be a list of names of variables, not "A=1")~"},
    {"[process]", "secrets", R"~("/run/secrets")~", R"~("secrets")~",
     R"~("secrets" in [process] must be an absolute path, not "secrets")~"},
    {"[process]", "credentials", R"~(["/etc/a", "b:/etc/c"])~", R"~(["/etc/a", "a:/b"])~",
     R"~("credentials" in [process] has two files of the name "a")~"},
    {"[process]", "umask", R"~("0022")~", R"~(22)~",
     R"~("umask" in [process] must be a string of octal digits such as "0755", not a number)~"},
    {"[process]", "oom_score_adj", R"~(-500)~", R"~(1001)~",
     R"~("oom_score_adj" in [process] must be a whole number from -1000 to 1000, not "1001")~"},
    {"[process]", "limits",
     R"~({ nofile = 65536, core = "infinity", nproc = "100:200", as = "1G" })~",
     R"~({ nofiles = 1 })~",
     R"~("limits" in [process] has no limit "nofiles"; did you mean "nofile"?)~"},
    {"[process]", "nice", R"~(-5)~", R"~(20)~",
     R"~("nice" in [process] must be a whole number from -20 to 19, not "20")~"},
    {"[process]", "no_new_privileges", R"~(false)~", R"~("no")~",
     R"~("no_new_privileges" in [process] must be true or false, not a string)~"},
    {"[process]", "capabilities", R"~(["net_bind_service", "CAP_CHOWN"])~", R"~(["net_bind"])~",
     R"~("capabilities" in [process] has no capability "net_bind")~"},
    {"[process]", "stdin", R"~("null")~", R"~("pipe")~",
     R"~("stdin" in [process] must be "null" or "tty", not "pipe")~"},
    {"[process]", "tty", R"~("/dev/tty1")~", R"~(true)~",
     R"~("tty" in [process] must be an absolute path, not true or false)~"},
    {"[process]", "directories", R"~([{ path = "/x" }])~", R"~({ path = "/x" })~",
     R"~("directories" in [process] must be an array of tables, not a table)~"},
    {"[process]", "cpu_weight", R"~(50)~", R"~(10001)~",
     R"~("cpu_weight" in [process] must be a whole number from 1 to 10000, not "10001")~"},
    {"[process]", "pids_max", R"~(64)~", R"~(0)~",
     R"~("pids_max" in [process] must be a whole number not below 1, not "0")~"},
    {"[[process.directories]]", "path", R"~("/y")~", R"~("y")~",
     R"~("path" in [[process.directories]] must be an absolute path, not "y")~"},
    {"[[process.directories]]", "user", R"~("root")~", R"~(0)~",
     R"~("user" in [[process.directories]] must be a string, not a number)~"},
    {"[[process.directories]]", "group", R"~("root")~", R"~(0)~",
     R"~("group" in [[process.directories]] must be a string, not a number)~"},
    {"[[process.directories]]", "mode", R"~("0750")~", R"~("0888")~",
     R"~("mode" in [[process.directories]] must be a string of octal digits such as "0755", not "0888")~"},
    {"[[process.directories]]", "recursive", R"~(true)~", R"~(1)~",
     R"~("recursive" in [[process.directories]] must be true or false, not a number)~"},
    {"[memory]", "limit", R"~("40%")~", R"~(64)~", R"~("limit" in [memory] must be at least 1M)~"},
    {"[memory]", "high", R"~("64M")~", R"~("64MB")~",
     R"~("high" in [memory] must be a size such as "64M", not "64MB": "MB" is no unit of size (K, M, G, T, %))~"},
    {"[memory]", "on_high", R"~("restart-when-idle")~", R"~("restart-idle")~",
     R"~("on_high" in [memory] must be "log", "restart-when-idle" or "restart", not "restart-idle")~"},
    {"[memory]", "allocator", R"~("system")~", R"~("tcmalloc")~",
     R"~("allocator" in [memory] must be "jemalloc", "mimalloc" or "system", not "tcmalloc"; did you mean "jemalloc"?)~"},
    {"[memory]", "allocator_conf", R"~("narenas:2")~", R"~(2)~",
     R"~("allocator_conf" in [memory] must be a string, not a number)~"},
    {"[memory]", "arenas", R"~(2)~", R"~(0)~",
     R"~("arenas" in [memory] must be a whole number not below 1, not "0")~"},
    {"[memory]", "huge_pages", R"~("never")~", R"~("always")~",
     R"~("huge_pages" in [memory] must be "never" or "system", not "always")~"},
    {"[memory]", "merge", R"~(true)~", R"~("yes")~",
     R"~("merge" in [memory] must be true or false, not a string)~"},
    {"[log]", "format", R"~("json")~", R"~("text")~",
     R"~("format" in [log] must be "prefix", "json", "raw" or "none", not "text")~"},
    {"[log]", "buffer", R"~("64K")~", R"~("64KB")~",
     R"~("buffer" in [log] must be a size such as "64M", not "64KB": "KB" is no unit of size (K, M, G, T, %))~"},
    {"[log]", "on_stall", R"~("block")~", R"~("wait")~",
     R"~("on_stall" in [log] must be "drop" or "block", not "wait")~"},
    {"[log]", "file", R"~("/var/log/x.log")~", R"~("x.log")~",
     R"~("file" in [log] must be an absolute path, not "x.log")~"},
    {"[log]", "rotate_size", R"~("0")~", R"~(-1)~",
     R"~("rotate_size" in [log] must be a size such as "64M", not "-1": it is negative)~"},
    {"[log]", "rotate_keep", R"~(0)~", R"~(1001)~",
     R"~("rotate_keep" in [log] must be a whole number from 0 to 1000, not "1001")~"},
    {"[proxy]", "listen", R"~([":81", "[::1]:82"])~", R"~("81")~",
     R"~("listen" in [proxy] must be an address such as "127.0.0.1:3000" or "unix:/run/x.sock", not "81": ":PORT" is missing)~"},
    {"[proxy]", "user", R"~("proxy")~", R"~(1)~",
     R"~("user" in [proxy] must be a string, not a number)~"},
    {"[proxy]", "trust_proxy", R"~(["10.0.0.0/8"])~", R"~(["10.0.0.1/8"])~",
     R"~("trust_proxy" in [proxy] must be a list of networks such as "10.0.0.0/8", not "10.0.0.1/8": it has bits set beyond the first 8)~"},
    {"[proxy]", "header", R"~("1s")~", R"~("0")~",
     R"~("header" in [proxy] must be longer than zero)~"},
    {"[proxy]", "idle", R"~("1s")~", R"~("0")~", R"~("idle" in [proxy] must be longer than zero)~"},
    {"[proxy]", "upstream", R"~("1s")~", R"~("0")~",
     R"~("upstream" in [proxy] must be longer than zero)~"},
    {"[proxy]", "max_body", R"~("1M")~", R"~(-1)~",
     R"~("max_body" in [proxy] must be a size such as "64M", not "-1": it is negative)~"},
    {"[proxy]", "max_connections", R"~(5)~", R"~(0)~",
     R"~("max_connections" in [proxy] must be a whole number not below 1, not "0")~"},
    {"[proxy]", "max_connections_per_address", R"~(50)~", R"~(-1)~",
     R"~("max_connections_per_address" in [proxy] must be a whole number not below 0, not "-1")~"},
    {"[proxy]", "tls", R"~({ certificate = "/c", key = "/k" })~", R"~("/c")~",
     R"~("tls" in [proxy] must be a table, not a string)~"},
    {"[proxy.tls]", "certificate", R"~("/etc/ssl/c.pem")~", R"~("c.pem")~",
     R"~("certificate" in [proxy.tls] must be an absolute path, not "c.pem")~"},
    {"[proxy.tls]", "key", R"~("/etc/ssl/k.pem")~", R"~("k.pem")~",
     R"~("key" in [proxy.tls] must be an absolute path, not "k.pem")~"},
    {"[proxy.tls]", "listen", R"~(":80")~", R"~("80")~",
     R"~("listen" in [proxy.tls] must be an address such as "127.0.0.1:3000" or "unix:/run/x.sock", not "80": ":PORT" is missing)~"},
    {"[proxy.tls]", "http2", R"~(false)~", R"~("no")~",
     R"~("http2" in [proxy.tls] must be true or false, not a string)~"},
    {"[proxy.maintenance]", "until", R"~("job")~", R"~("other")~",
     R"~(until "other", which is no job)~"},
    {"[proxy.maintenance]", "until_resume", R"~(true)~", R"~("job")~",
     R"~("until_resume" in [proxy.maintenance] must be true or false, not a string)~"},
    {"[proxy.maintenance]", "enabled", R"~(true)~", R"~("yes")~",
     R"~("enabled" in [proxy.maintenance] must be true or false, not a string)~"},
    {"[proxy.maintenance]", "page", R"~("503.html")~", R"~("../503.html")~",
     R"~("page" in [proxy.maintenance] must be a path below "root", without "..", not "../503.html")~"},
    {"[proxy.maintenance]", "retry_after", R"~("1s")~", R"~("0")~",
     R"~("retry_after" in [proxy.maintenance] must be longer than zero)~"},
    {"[proxy.health]", "path", R"~("/up")~", R"~("up")~",
     R"~("path" in [proxy.health] must be a path that begins with "/", not "up")~"},
    {"[proxy.health]", "body", R"~("")~", R"~(0)~",
     R"~("body" in [proxy.health] must be a string, not a number)~"},
    {"[proxy.static]", "root", R"~("/srv")~", R"~("public")~",
     R"~("root" in [proxy.static] must be an absolute path, not "public")~"},
    {"[proxy.static]", "prefix", R"~("/x")~", R"~("/x/../y")~",
     R"~("prefix" in [proxy.static] must be a path that begins with "/", not "/x/../y")~"},
    {"[proxy.static]", "extensions", R"~(["css", ".js"])~", R"~(["*.css"])~",
     R"~("extensions" in [proxy.static] must be a list of file name extensions such as "css", not "*.css")~"},
    {"[proxy.static]", "try_files", R"~(["index.html", ".html"])~", R"~(["../x"])~",
     R"~("try_files" in [proxy.static] must be a list of file names and endings such as "index.html" and ".html", not "../x")~"},
    {"[proxy.static]", "trailing_slash", R"~(true)~", R"~("yes")~",
     R"~("trailing_slash" in [proxy.static] must be true or false, not a string)~"},
    {"[proxy.static]", "precompressed", R"~(true)~", R"~(["br"])~",
     R"~("precompressed" in [proxy.static] must be true or false, not an array)~"},
    {"[proxy.static]", "symlinks", R"~("any")~", R"~("follow")~",
     R"~("symlinks" in [proxy.static] must be "below", "none" or "any", not "follow")~"},
    {"[proxy.static]", "cache", R"~([{ path = "/a/" }])~", R"~(["/a/"])~",
     R"~("cache" in [proxy.static] must be an array of tables, not an array)~"},
    {"[[proxy.static.cache]]", "path", R"~("/y")~", R"~("y")~",
     R"~("path" in [[proxy.static.cache]] must be a path that begins with "/", not "y")~"},
    {"[[proxy.static.cache]]", "max_age", R"~("1h")~", R"~(3600)~",
     R"~("max_age" in [[proxy.static.cache]] must be a duration such as "5s", not a number)~"},
    {"[[proxy.static.cache]]", "immutable", R"~(true)~", R"~(1)~",
     R"~("immutable" in [[proxy.static.cache]] must be true or false, not a number)~"},
    {"[proxy.auth]", "htpasswd", R"~("/etc/htpasswd")~", R"~("htpasswd")~",
     R"~("htpasswd" in [proxy.auth] must be an absolute path, not "htpasswd")~"},
    {"[proxy.auth]", "realm", R"~("Showcase")~", R"~(1)~",
     R"~("realm" in [proxy.auth] must be a string, not a number)~"},
    {"[proxy.auth]", "public", R"~(["/x"])~", R"~(["x y"])~",
     R"~("public" in [proxy.auth] must be a list of paths ("/x", "/x/") and extensions ("*.ext"), not "x y")~"},
    {"[[proxy.redirect]]", "from", R"~("^/old/(.*)$")~", R"~("^/(old$")~",
     R"~("from" in [[proxy.redirect]] must be a regex such as "^/old/(.*)$", not "^/(old$": a "(" is never closed)~"},
    {"[[proxy.redirect]]", "to", R"~("https://example.org/")~", R"~("ftp://x/")~",
     R"~("to" in [[proxy.redirect]] must be a path that begins with "/" or "$1", or a URL, not "ftp://x/")~"},
    {"[[proxy.redirect]]", "status", R"~(308)~", R"~(304)~",
     R"~("status" in [[proxy.redirect]] must be 301, 302, 303, 307 or 308)~"},
    {"[[proxy.rewrite]]", "from", R"~("^/${USER_NAME:-a.b}$")~", R"~("a**")~",
     R"~("from" in [[proxy.rewrite]] must be a regex such as "^/old/(.*)$", not "a**": "*" repeats what is repeated already)~"},
    {"[[proxy.rewrite]]", "to", R"~("/y")~", R"~("y")~",
     R"~("to" in [[proxy.rewrite]] must be a path that begins with "/" or "$1", not "y")~"},
    {"[proxy.auth]", "pattern", R"~([{ pattern = "^/open", action = "off" }])~", R"~(["/a/"])~",
     R"~("pattern" in [proxy.auth] must be an array of tables, not an array)~"},
    {"[[proxy.auth.pattern]]", "pattern", R"~("^/open/[0-9]+$")~", R"~("(")~",
     R"~("pattern" in [[proxy.auth.pattern]] must be a regex such as "^/old/(.*)$", not "(": a "(" is never closed)~"},
    {"[[proxy.auth.pattern]]", "action", R"~("on")~", R"~("maybe")~",
     R"~("action" in [[proxy.auth.pattern]] must be "off" or "on", not "maybe")~"},
    {"[proxy]", "app", R"~("showcase")~", R"~(1)~",
     R"~("app" in [proxy] must be a string, not a number)~"},
    {"[proxy]", "region", R"~("fra")~", R"~(1)~",
     R"~("region" in [proxy] must be a string, not a number)~"},
    {"[proxy]", "server_timing", R"~(true)~", R"~(1)~",
     R"~("server_timing" in [proxy] must be true or false, not a number)~"},
    {"[[proxy.replay]]", "path", R"~("^/(x)/")~", R"~("(")~",
     R"~("path" in [[proxy.replay]] must be a regex such as "^/old/(.*)$", not "(": a "(" is never closed)~"},
    {"[[proxy.replay]]", "region", R"~("fra")~", R"~(1)~",
     R"~("region" in [[proxy.replay]] must be a string, not a number)~"},
    {"[[proxy.replay]]", "app", R"~("viewer")~", R"~("$1")~",
     R"~("app" in [[proxy.replay]] has $1, but there is no group in the regex)~"},
    {"[[proxy.replay]]", "machine", R"~("3287")~", R"~(1)~",
     R"~("machine" in [[proxy.replay]] must be a string, not a number)~"},
    {"[[proxy.replay]]", "methods", R"~(["GET"])~", R"~(["get"])~",
     R"~("methods" in [[proxy.replay]] must be a list of HTTP methods such as "GET", not "get")~"},
    {"[[proxy.replay]]", "status", R"~(200)~", R"~(100)~",
     R"~("status" in [[proxy.replay]] must be a whole number from 200 to 599, not "100")~"},
    {"[[proxy.replay]]", "max_body", R"~("2M")~", R"~(-1)~",
     R"~("max_body" in [[proxy.replay]] must be a size such as "64M", not "-1": it is negative)~"},
    {"[[proxy.replay]]", "fallback", R"~("here")~", R"~("elsewhere")~",
     R"~("fallback" in [[proxy.replay]] must be "page" or "here", not "elsewhere")~"},
    {"[proxy.bots]", "action", R"~("reject")~", R"~("block")~",
     R"~("action" in [proxy.bots] must be "allow", "static-only" or "reject", not "block")~"},
    {"[[proxy.route]]", "prefix", R"~("/cable")~", R"~("cable")~",
     R"~("prefix" in [[proxy.route]] must be a path that begins with "/", not "cable")~"},
    {"[[proxy.route]]", "path", R"~("^/cable$")~", R"~("\\1")~",
     R"~("path" in [[proxy.route]] must be a regex such as "^/old/(.*)$", not "\1": "\1" would be a back-reference, which there is none)~"},
    {"[[proxy.route]]", "unit", R"~("other")~", R"~("job")~",
     R"~(unit "job", which is neither a service nor a tenant)~"},
    {"[[proxy.route]]", "job", R"~("cgi")~", R"~("job")~",
     R"~(job "job", which is no job with "interface" = "cgi")~"},
    {"[[proxy.route]]", "allowed_users", R"~(["ann"])~", R"~(["ann:x"])~",
     R"~("allowed_users" in [[proxy.route]] must be a list of user names such as "admin", not "ann:x")~"},
    {"[[proxy.route]]", "to", R"~("/cable")~", R"~("http://x/")~",
     R"~("to" in [[proxy.route]] must be a path that begins with "/" or "$1", not "http://x/")~"},
    {"[[proxy.route]]", "target", R"~("http://h:81/x")~", R"~("http://h$1/x")~",
     R"~("target" in [[proxy.route]] must be a URL such as "http://host:3000/path", not "http://h$1/x": a client must not choose the host: "$" may stand in the path only)~"},
    {"[[proxy.route]]", "strip", R"~("/x")~", R"~("x")~",
     R"~("strip" in [[proxy.route]] must be a path that begins with "/", not "x")~"},
    {"[[proxy.route]]", "headers", R"~({ X-Real-IP = "$remote_addr" })~",
     R"~({ X-Remote-User = "ann" })~",
     R"~("headers" in [[proxy.route]] holds "X-Remote-User", which berth-proxy alone may set)~"},
    {"[[proxy.route]]", "response_headers", R"~({ Server = "" })~", R"~({ X = "a\nb" })~",
     R"~("response_headers" in [[proxy.route]] holds a value with a character that no header can have)~"},
    {"[[proxy.route]]", "websocket", R"~(false)~", R"~("no")~",
     R"~("websocket" in [[proxy.route]] must be true or false, not a string)~"},
    {"[[proxy.route]]", "methods", R"~(["GET"])~", R"~(["get"])~",
     R"~("methods" in [[proxy.route]] must be a list of HTTP methods such as "GET", not "get")~"},
    {"[proxy.sticky]", "cookie", R"~("machine")~", R"~("a b")~",
     R"~("cookie" in [proxy.sticky] must be the name of a cookie, not "a b")~"},
    {"[proxy.sticky]", "max_age", R"~("2h")~", R"~(true)~",
     R"~("max_age" in [proxy.sticky] must be a duration such as "5s", not true or false)~"},
    {"[proxy.idle]", "timeout", R"~("15m")~", R"~("0")~",
     R"~("timeout" in [proxy.idle] must be longer than zero)~"},
    {"[proxy.idle]", "action", R"~("suspend")~", R"~("sleep")~",
     R"~("action" in [proxy.idle] must be "none", "exit", "stop" or "suspend", not "sleep")~"},
    {"[proxy.idle]", "api", R"~("/run/api")~", R"~("api")~",
     R"~("api" in [proxy.idle] must be an absolute path, not "api")~"},
    {"[proxy.idle]", "connections", R"~("5s")~", R"~("0")~",
     R"~("connections" in [proxy.idle] must be longer than zero)~"},
    {"[proxy.metrics]", "listen", R"~(":9100")~", R"~("9100")~",
     R"~("listen" in [proxy.metrics] must be an address such as "127.0.0.1:3000" or "unix:/run/x.sock", not "9100": ":PORT" is missing)~"},
    {"[proxy.log]", "to", R"~("/var/log/access.log")~", R"~("access.log")~",
     R"~("to" in [proxy.log] must be "stdout" or an absolute path, not "access.log")~"},
    {"[proxy.compress]", "types", R"~(["text/html"])~", R"~(["html"])~",
     R"~("types" in [proxy.compress] must be a list of media types such as "text/html" or "text/*", not "html")~"},
    {"[proxy.compress]", "min_size", R"~("4K")~", R"~(-1)~",
     R"~("min_size" in [proxy.compress] must be a size such as "64M", not "-1": it is negative)~"},
    {"[proxy.log]", "format", R"~("none")~", R"~("apache")~",
     R"~("format" in [proxy.log] must be "json", "combined" or "none", not "apache")~"},
});
// clang-format on

constexpr std::string_view kOthers = "[service]\ncommand = \"other\"\naddress = \":1\"\n";

/// A unit of `kind` that lacks nothing, with `text` in `table`.
std::string file_with(UnitKind kind, std::string_view table, std::string_view text) {
  const std::string line = std::string(text) + "\n";
  std::string file;
  const auto add = [&](std::string_view name, std::string_view rest) {
    file += std::string(name) + "\n" + std::string(rest);
    file += name == table ? line : "";
  };
  if (table == "[unit]") {
    file += "[unit]\n" + line;
  }
  const bool gives_command = text.starts_with("command =") || text.starts_with("steps =");
  const bool gives_listen = text.starts_with("listen =");
  if (kind == UnitKind::proxy) {
    add("[proxy]", gives_listen && table == "[proxy]" ? "" : "listen = \":80\"\n");
    file += table == "[proxy.maintenance]" && text.starts_with("page")
                ? "[proxy.static]\nroot = \"/srv\"\n"
                : "";
    file += table == "[[proxy.route]]" ? "[proxy.auth]\nhtpasswd = \"/h\"\n" : "";
    if (table == "[proxy.tls]") {
      return file + "[proxy.tls]\n" + line +
             (text.starts_with("certificate") ? "" : "certificate = \"/c\"\n") +
             (text.starts_with("key") ? "" : "key = \"/k\"\n");
    }
  } else {
    const bool in_own = table == own_table(kind);
    add(own_table(kind), gives_command && in_own ? "" : "command = \"run\"\n");
  }
  if (table == "ready" || table == "health") {
    const auto is = [text](std::string_view way) { return text.starts_with(way); };
    const bool is_way = is("http") || is("tcp") || is("unix") || is("file") || is("notify") ||
                        is("log") || is("command");
    file += "address = \":2\"\n" + std::string(table) + " = { " +
            std::string(is_way         ? ""
                        : text.empty() ? "http = \"/\""
                                       : "http = \"/\", ") +
            std::string(text) + " }\n";
  } else if (table == kCommandTable) {
    const bool is_command = text.starts_with("command");
    file += "after_stop = [{ " +
            std::string(is_command     ? ""
                        : text.empty() ? "command = \"x\""
                                       : "command = \"x\", ") +
            std::string(text) + " }]\n";
  } else if (table == "[[proxy.route]]") {
    file += "[[proxy.route]]\n" + line;
    const bool has_place = text.starts_with("prefix") || text.starts_with("path");
    const bool has_server =
        text.starts_with("unit") || text.starts_with("target") || text.starts_with("job");
    file += has_place ? "" : "prefix = \"/x\"\n";
    file += has_server ? "" : "unit = \"other\"\n";
  } else if (table == "[[proxy.auth.pattern]]") {
    file += std::string(table) + "\n" + line;
    file += text.starts_with("pattern") ? "" : "pattern = \"x\"\n";
    file += text.starts_with("action") ? "" : "action = \"off\"\n";
  } else if (table == "[[proxy.replay]]") {
    file += std::string(table) + "\n" + line;
    file += text.starts_with("path") ? "" : "path = \"x\"\n";
    file += text.starts_with("app") ? "" : "app = \"other\"\n";
  } else if (table == "[[proxy.redirect]]" || table == "[[proxy.rewrite]]") {
    file += std::string(table) + "\n" + line;
    file += text.starts_with("from") ? "" : "from = \"^/x$\"\n";
    file += text.starts_with("to") ? "" : "to = \"/z\"\n";
  } else if (table == "[[proxy.static.cache]]" || table == "[[process.directories]]") {
    file += std::string(table) + "\n" + line + (text.starts_with("path") ? "" : "path = \"/x\"\n");
  } else if (table == "[[service.listen]]") {
    file += std::string(table) + "\n" + line;
    file += text.starts_with("address") ? "" : "address = \"unix:/run/x\"\n";
  } else if (table != own_table(kind) && table != "[unit]") {
    file += std::string(table) + "\n" + line;
    file += table == "[proxy.sticky]" && !text.starts_with("cookie") ? "cookie = \"c\"\n" : "";
    file += table == "[proxy.idle]" && !text.starts_with("timeout") ? "timeout = \"1h\"\n" : "";
    file += text == "until_resume = true" ? "until = \"job\"\n" : "";
  }
  return file;
}

UnitKind first_kind(const Key& key) {
  for (const UnitKind kind :
       {UnitKind::service, UnitKind::job, UnitKind::tenant, UnitKind::proxy}) {
    if (own_table(kind) == key.table ||
        (key.table.find("proxy") != key.table.npos && kind == UnitKind::proxy)) {
      return kind;
    }
  }
  return UnitKind::service;
}

std::vector<const Key*> keys() {
  std::vector<const Key*> keys;
  for (const std::span<const Key> rows : all_keys()) {
    std::transform(rows.begin(), rows.end(), std::back_inserter(keys),
                   [](const Key& key) { return &key; });
  }
  return keys;
}

/// The key's table as a unit of its first kind has it.
const Key& row(const Sample& sample) {
  for (const Key* key : keys()) {
    if (key->table == sample.table && key->name == sample.key) {
      return *key;
    }
  }
  throw std::logic_error("no such key");
}

Catalog load_with(const Key& key, std::string_view text) {
  const UnitKind kind = first_kind(key);
  const bool is_template = kind == UnitKind::tenant;
  return testing::load({{"other.toml", std::string(kOthers)},
                        {"idle.toml", "[unit]\nstart = \"manual\"\n[service]\ncommand = \"x\"\n"},
                        {"job.toml", "[job]\ncommand = \"run\"\non = [\"boot\", \"resume\"]\n"},
                        {"cgi.toml", "[job]\ncommand = \"run\"\ninterface = \"cgi\"\n"},
                        {"front.toml", "[proxy]\nlisten = \":90\"\n"},
                        {is_template ? "x@.toml" : "x.toml", file_with(kind, key.table, text)},
                        {"instances.toml", is_template ? "[instances.x]\n1 = {}\n" : ""}});
}

bool is_of_units(const Key& key) {
  return (key.kinds & kAnyUnit) != 0 && key.table != kInstanceTable && key.type != "table" &&
         !(key.table == "[proxy]" && key.type == "array of tables");
}

const Unit* unit_of(const Catalog& catalog) {
  const Unit* plain = catalog.find("x");
  return plain != nullptr ? plain : catalog.find("x@1");
}

/// The unit without its place: where it stands in the file is no matter of its keys.
Unit without_place(const Catalog& catalog) {
  Unit unit = *unit_of(catalog);
  unit.place = {};
  return unit;
}

/// What a reload calls the key, or the greater thing that it is part of.
std::string name_in_reload(const Sample& sample) {
  const std::string table(sample.table);
  const std::string key(sample.key);
  if (table == kCommandTable) {
    return "after_stop";  // where file_with() has it
  }
  if (table == "[job]" && key == "command") {
    return "steps";
  }
  if (table == "[proxy]" && key == "user") {
    return "process.user";
  }
  if (table.starts_with("[[") && table.find("proxy") == table.npos) {
    const std::string list = table.substr(2, table.size() - 4);
    return list.starts_with("service.") ? list.substr(list.find('.') + 1) : list;
  }
  if (table.find("proxy") != table.npos) {
    const bool is_log_place = table == "[proxy.log]" && key == "to";
    const bool is_listener = key == "listen" && table != "[proxy.tls]";
    const bool is_place = key == "tls" || key == "root" || key == "symlinks" || key == "htpasswd" ||
                          key == "certificate" || (table == "[proxy.tls]" && key == "key");
    return is_listener    ? key
           : is_log_place ? "log.to"
           : is_place     ? "where its files are"
                          : "the route table";
  }
  if (!table.starts_with('[')) {
    return table;  // ready, health
  }
  const std::string bare = table.substr(1, table.size() - 2);
  if (bare == "unit.condition") {
    return bare;
  }
  return bare == "service" || bare == "job" || bare == "tenant" ? key : bare + "." + key;
}

TEST(Keys, AllHaveASampleHere) {
  std::set<std::pair<std::string_view, std::string_view>> known;
  for (const Sample& sample : kSamples) {
    known.emplace(sample.table, sample.key);
  }
  for (const Key* key : keys()) {
    if (is_of_units(*key)) {
      EXPECT_TRUE(known.contains({key->table, key->name})) << key->table << " " << key->name;
    }
  }
}

TEST(Keys, TakeAGoodValue) {
  for (const Sample& sample : kSamples) {
    const Key& key = row(sample);
    const std::string text = std::string(sample.key) + " = " + std::string(sample.good);
    const Catalog without = load_with(key, "");
    const Catalog with = load_with(key, text);

    EXPECT_EQ(Lines{}, testing::messages(with)) << sample.table << " " << text;
    ASSERT_NE(nullptr, unit_of(with)) << sample.table << " " << text;
    // A route has a unit already without; vars show in instances alone, background in jobs.
    const bool shows = key.name != "unit" && key.name != "vars" && key.name != "background";
    if (shows && unit_of(without) != nullptr) {
      EXPECT_FALSE(without_place(with) == without_place(without)) << sample.table << " " << text;
    }
  }
}

TEST(Keys, AreEachKnownToAReload) {
  for (const Sample& sample : kSamples) {
    // What a value needs beside it stands in the lines below it.
    const std::string_view beside =
        sample.good.substr(std::min(sample.good.find('\n'), sample.good.size()));
    const std::string text = std::string(sample.key) + " = " + std::string(sample.good);
    const Catalog without = load_with(row(sample), beside);
    const Catalog with = load_with(row(sample), text);
    if (unit_of(without) == nullptr || without_place(without) == without_place(with)) {
      continue;
    }

    const Lines changed = changes_between(*unit_of(without), *unit_of(with)).keys;

    EXPECT_EQ(1, std::count(changed.begin(), changed.end(), name_in_reload(sample)))
        << sample.table << " " << text << ": unit_changes.cc lacks it, or calls it another name";
  }
}

TEST(Keys, LetAStepOfAJobRunInTheBackground) {
  const Catalog catalog = testing::load(
      {{"x.toml",
        "[job]\nsteps = [{ background = true, command = \"a\", user = \"root\" }, \"b\"]\n"}});

  ASSERT_NE(nullptr, unit_of(catalog));
  const std::vector<Command>& steps = unit_of(catalog)->job->steps;
  EXPECT_EQ(Lines{"a"}, steps[0].argv);
  EXPECT_TRUE(steps[0].background);
  EXPECT_EQ("root", steps[0].user);
  EXPECT_FALSE(steps[1].background);
}

TEST(Keys, AreNamedByAReloadThatChangesThem) {
  for (const Sample& sample : kSamples) {
    const Key& key = row(sample);
    const std::string text = std::string(sample.key) + " = " + std::string(sample.good);
    const Catalog without = load_with(key, "");
    const Catalog with = load_with(key, text);
    if (unit_of(without) == nullptr || without_place(with) == without_place(without)) {
      continue;
    }

    const auto changes = changes_between(*unit_of(without), *unit_of(with));
    EXPECT_NE(Lines{"another key"}, changes.keys)
        << sample.table << " " << sample.key << " needs a row in units/unit_changes.cc";
  }
}

TEST(Keys, LetAJobHaveOneClock) {
  const Catalog catalog = testing::load(
      {{"x.toml", "[job]\ncommand = \"a\"\nevery = \"1h\"\nschedule = \"@daily\"\n"}});

  EXPECT_EQ(Lines{"x.toml:1:1: a job has either \"every\" or \"schedule\""},
            testing::messages(catalog));
}

TEST(Keys, LetAJobWithAClockRunAtNoOtherTime) {
  const auto runs_at_boot = [](const std::string& keys) {
    const Catalog catalog = testing::load({{"x.toml", "[job]\ncommand = \"a\"\n" + keys}});
    return unit_of(catalog)->job->runs_on(JobTrigger::boot);
  };

  EXPECT_TRUE(runs_at_boot(""));
  EXPECT_FALSE(runs_at_boot("every = \"1h\""));
  EXPECT_FALSE(runs_at_boot("schedule = \"@daily\""));
  EXPECT_TRUE(runs_at_boot("every = \"1h\"\non = \"boot\""));
  EXPECT_FALSE(runs_at_boot("on = []"));
}

TEST(Keys, RefuseABadValueInWords) {
  for (const Sample& sample : kSamples) {
    const Key& key = row(sample);
    const std::string text = std::string(sample.key) + " = " + std::string(sample.bad);
    const Catalog catalog = load_with(key, text);

    ASSERT_LE(1U, catalog.errors.size()) << sample.table << " " << text;
    EXPECT_EQ(sample.complaint, catalog.errors.front().message) << sample.table << " " << text;
    EXPECT_EQ(nullptr, unit_of(catalog)) << sample.table << " " << text;
  }
}

TEST(Keys, HaveTheDefaultsThatTheTableNames) {
  for (const Key* key : keys()) {
    if (!is_of_units(*key) || key->fallback.empty()) {
      continue;
    }
    const std::string text = std::string(key->name) + " = " + std::string(key->fallback);
    const Catalog with = load_with(*key, text);
    const Catalog without = load_with(*key, "");

    EXPECT_EQ(Lines{}, testing::messages(with)) << key->table << " " << text;
    ASSERT_NE(nullptr, unit_of(with));
    ASSERT_NE(nullptr, unit_of(without));
    EXPECT_TRUE(without_place(with) == without_place(without)) << key->table << " " << text;
  }
}

TEST(Keys, AreFoundInEveryKindThatHasThem) {
  EXPECT_NE(nullptr, find_key("[tenant]", kTenant, "command"));
  EXPECT_NE(nullptr, find_key("[service]", kService, "command"));
  EXPECT_EQ(nullptr, find_key("[service]", kService, "hold"));
  EXPECT_EQ(nullptr, find_key("[proxy]", kProxy, "command"));
  EXPECT_EQ(nullptr, find_key("[job]", kJob, "restart"));
  EXPECT_EQ(nullptr, find_key("[log]", kService, "level"));
}

TEST(Keys, PointToTheTableWhereTheyBelong) {
  EXPECT_EQ((Lines{"a.toml:3:1: unknown key \"user\" in [service]; it belongs in [process]",
                   "a.toml:4:1: unknown key \"hold\" in [service]; it belongs in [tenant]",
                   "a.toml:6:1: unknown key \"restart\" in [process]; it belongs in [service]"}),
            testing::errors_of({{"a.toml",
                                 "[service]\ncommand = \"x\"\nuser = \"u\"\nhold = \"1s\"\n"
                                 "[process]\nrestart = \"always\"\n"}}));
}

TEST(Keys, SuggestTheNearestName) {
  EXPECT_EQ(
      (Lines{"redis.toml:4:1: unknown key \"comand\" in [service]; did you mean \"command\"?"}),
      testing::errors_of({{"redis.toml", "# Redis\n\n[service]\ncomand = \"x\"\n"}}));
}

TEST(Keys, StandInNoTableByChance) {
  EXPECT_EQ((Lines{"a.toml:1:1: \"command\" stands outside of any table",
                   "a.toml:2:1: unknown table [servic]; did you mean \"service\"?",
                   "a.toml:4:1: unknown table [weather]"}),
            testing::errors_of({{"a.toml",
                                 "command = \"x\"\n[servic]\ncommand = \"x\"\n[weather]\n"
                                 "[service]\ncommand = \"x\"\n"}}));
}

}  // namespace
}  // namespace berth
