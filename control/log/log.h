// The service's log.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "control/log/line.h"
#include "control/log/rate_limit.h"

namespace spdlog {
class logger;
}

namespace lockstep::log {

enum class Format : std::uint8_t { text, json };

/// Writes lines at or above a level to standard error or a file. May be used from any thread but those of workers.
class Log {
 public:
  Log(Level level, Format format, std::uint32_t lines_per_second);
  ~Log();

  /// Goes on in the file at `path` (appended, mode by umask), or on standard error when empty. An empty string, or what
  /// went wrong; then the log stays where it was.
  std::string open(const std::string& path);

  void debug(std::string_view event, const Fields& fields = {}) { write(Level::debug, event, fields); }
  void info(std::string_view event, const Fields& fields = {}) { write(Level::info, event, fields); }
  void warning(std::string_view event, const Fields& fields = {}) { write(Level::warning, event, fields); }
  void error(std::string_view event, const Fields& fields = {}) { write(Level::error, event, fields); }
  void write(Level level, std::string_view event, const Fields& fields);
  /// For what happened at another time.
  void write_at(std::int64_t unix_ns, Level level, std::string_view event, const Fields& fields);
  /// Whether a line of this level would be written at all.
  bool wants(Level level) const { return level >= level_; }
  /// To be called now and then: tells what was suppressed.
  void tick();

 private:
  void emit(std::int64_t unix_ns, Level level, std::string_view event, const Fields& fields);

  Level level_;
  Format format_;
  std::mutex mutex_;
  RateLimit limit_;
  std::shared_ptr<spdlog::logger> sink_;
};

/// UNIX time in nanoseconds.
std::int64_t unix_now();

}  // namespace lockstep::log
