#include "control/log/log.h"

#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <ctime>

namespace lockstep::log {
namespace {

spdlog::level::level_enum spdlog_level(Level level) {
  switch (level) {
    case Level::debug:
      return spdlog::level::debug;
    case Level::info:
      return spdlog::level::info;
    case Level::warning:
      return spdlog::level::warn;
    case Level::error:
      break;
  }
  return spdlog::level::err;
}

std::shared_ptr<spdlog::logger> make_sink(spdlog::sink_ptr sink) {
  auto logger = std::make_shared<spdlog::logger>("lockstep", std::move(sink));
  logger->set_pattern("%v");
  logger->set_level(spdlog::level::debug);
  logger->flush_on(spdlog::level::debug);
  return logger;
}

}  // namespace

std::int64_t unix_now() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return now.tv_sec * 1'000'000'000LL + now.tv_nsec;
}

Log::Log(Level level, Format format, std::uint32_t lines_per_second)
    : level_(level),
      format_(format),
      limit_(lines_per_second),
      sink_(make_sink(std::make_shared<spdlog::sinks::stderr_sink_mt>())) {}

Log::~Log() = default;

std::string Log::open(const std::string& path) {
  try {
    std::shared_ptr<spdlog::logger> next =
        make_sink(path.empty() ? spdlog::sink_ptr(std::make_shared<spdlog::sinks::stderr_sink_mt>())
                               : spdlog::sink_ptr(std::make_shared<spdlog::sinks::basic_file_sink_mt>(path)));
    const std::lock_guard lock(mutex_);
    sink_ = std::move(next);
  } catch (const spdlog::spdlog_ex& error) {
    return error.what();
  }
  return {};
}

void Log::write(Level level, std::string_view event, const Fields& fields) {
  write_at(unix_now(), level, event, fields);
}

void Log::write_at(std::int64_t unix_ns, Level level, std::string_view event, const Fields& fields) {
  if (!wants(level)) return;
  const std::lock_guard lock(mutex_);
  const std::optional<std::uint64_t> suppressed = limit_.admit(event, unix_ns);
  if (!suppressed) return;
  if (*suppressed == 0) {
    emit(unix_ns, level, event, fields);
    return;
  }
  Fields more = fields;
  more.emplace_back("suppressed", *suppressed);
  emit(unix_ns, level, event, more);
}

void Log::tick() {
  const std::int64_t now = unix_now();
  const std::lock_guard lock(mutex_);
  limit_.flush(now, [&](const std::string& event, std::uint64_t count) {
    emit(now, Level::warning, "lines_suppressed", {{"of", event}, {"suppressed", count}});
  });
}

void Log::emit(std::int64_t unix_ns, Level level, std::string_view event, const Fields& fields) {
  const std::string line =
      format_ == Format::text ? text_line(unix_ns, level, event, fields) : json_line(unix_ns, level, event, fields);
  // The line is data, not a format.
  sink_->log(spdlog_level(level), spdlog::string_view_t(line));
}

}  // namespace lockstep::log
