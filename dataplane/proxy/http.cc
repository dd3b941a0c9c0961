#include "dataplane/proxy/http.h"

#include <algorithm>
#include <array>
#include <cinttypes>
#include <cstdio>

#include "dataplane/proxy/calendar.h"

namespace lockstep::proxy {

namespace {

constexpr std::uint32_t kMaxLine = 1024;              // of a chunked body's framing
constexpr std::uint32_t kMaxBodyPerCall = 64 * 1024;  // hashed in one call: bounds the time it takes
constexpr int kMaxAnswersPerCall = 64;
constexpr std::uint32_t kAnswerRoom = 1024;  // no answer without a small one
constexpr std::string_view kPage =
    "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Lockstep</title></head>\n"
    "<body><h1>Lockstep</h1><p>This page came through the built-in HTTP service.</p>\n"
    "<p><code>GET /bytes/N</code> answers N bytes; <code>POST</code> answers length and SHA-256 of the body.</p>"
    "</body></html>\n";

const char* reason_phrase(std::uint16_t status) {
  switch (status) {
    case 200:
      return "OK";
    case 400:
      return "Bad Request";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 413:
      return "Content Too Large";
    case 417:
      return "Expectation Failed";
    case 431:
      return "Request Header Fields Too Large";
    case 501:
      return "Not Implemented";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "Error";
  }
}

/// Text gathered in a fixed buffer of one packet.
class Text {
 public:
  template <class... Arguments>
  void print(const char* format, Arguments... arguments) {
    const int n = std::snprintf(buffer_.data() + size_, buffer_.size() - size_, format, arguments...);
    if (n > 0) size_ = std::min(size_ + static_cast<std::size_t>(n), buffer_.size() - 1);
  }
  void add(std::string_view text) { print("%.*s", static_cast<int>(text.size()), text.data()); }
  std::string_view view() const { return {buffer_.data(), size_}; }

 private:
  std::array<char, MbufPools::kPacketRoom> buffer_{};
  std::size_t size_ = 0;
};

void print_date(Text& text, std::int64_t unix_seconds) {  // RFC 9110 section 5.6.7
  const CivilTime t = civil_time(unix_seconds);
  text.print("Date: %.3s, %02u %.3s %d %02u:%02u:%02u GMT\r\n", weekday_name(t.weekday), t.day, month_name(t.month),
             t.year, t.hour, t.minute, t.second);
}

/// Whether a line of `text` ends without CR, looking from `begin` on.
bool has_bare_line_feed(std::string_view text, std::size_t begin) {
  for (std::size_t at = text.find('\n', begin); at != std::string_view::npos; at = text.find('\n', at + 1))
    if (at == 0 || text[at - 1] != '\r') return true;
  return false;
}

}  // namespace

AppStatus Http::serve(Exchange& exchange) {
  for (int answers = 0; answers < kMaxAnswersPerCall;) {
    const std::optional<AppStatus> status = step(exchange);
    if (status.has_value()) return *status;
    if (phase_ == Phase::answer) ++answers;
  }
  return AppStatus::waiting;
}

std::optional<AppStatus> Http::step(Exchange& exchange) {
  switch (phase_) {
    case Phase::head:
      return read_head(exchange);
    case Phase::body:
    case Phase::chunk_data:
      return read_body(exchange);
    case Phase::chunk_size:
    case Phase::chunk_end:
    case Phase::trailer:
      return read_chunk_line(exchange);
    case Phase::answer:
      return answer(exchange);
    case Phase::bulk:
      return send_bulk(exchange);
    case Phase::closing:
      break;
  }
  return AppStatus::finished;
}

/// Nothing goes on without more input; a request that the client cut off needs no answer.
AppStatus Http::need_more(const Exchange& exchange) const {
  return exchange.input_ended ? AppStatus::finished : AppStatus::more_input;
}

std::optional<AppStatus> Http::read_head(Exchange& exchange) {
  Chain& input = exchange.input;
  std::array<std::uint8_t, 2> start{};
  while (input.size() >= start.size()) {  // empty lines before a request: RFC 9112 section 2.2
    input.copy(0, start);
    if (start[0] != '\r' || start[1] != '\n') break;
    input.drop_front(2);
    scanned_ = 0;
  }
  if (input.empty()) return exchange.drain == Drain::when_idle ? AppStatus::finished : need_more(exchange);

  std::array<char, kMaxHead> buffer;
  const auto bytes = [&](std::uint32_t from, std::uint32_t to) {
    return MutableBytes(reinterpret_cast<std::uint8_t*>(buffer.data()) + from, to - from);
  };
  const std::uint32_t size = std::min(input.size(), kMaxHead);
  const std::uint32_t from = scanned_ < 3 ? 0 : scanned_ - 3;
  input.copy(from, bytes(from, size));
  const std::string_view seen(buffer.data() + from, size - from);
  const std::size_t end = seen.find("\r\n\r\n");
  if (has_bare_line_feed(seen.substr(0, end), from == 0 ? 0 : 1)) {
    refuse(400);
  } else if (end != std::string_view::npos) {
    input.copy(0, bytes(0, from));
    const std::uint32_t head_size = from + static_cast<std::uint32_t>(end) + 4;
    begin(parse_request({buffer.data(), head_size}));
    input.drop_front(head_size);
  } else if (size == kMaxHead) {
    refuse(431);
  } else {
    scanned_ = size;
    return need_more(exchange);
  }
  scanned_ = 0;
  return std::nullopt;
}

void Http::refuse(std::uint16_t status) {
  route_ = Route::refused;
  status_ = status;
  keep_alive_ = false;
  continue_due_ = false;
  phase_ = Phase::answer;
}

void Http::begin(const HttpRequest& request) {
  head_only_ = request.method == "HEAD";
  http11_ = request.http11;
  keep_alive_ = request.keep_alive;
  expected_ = request.content_length;
  received_ = bulk_size_ = bulk_sent_ = 0;
  trailer_size_ = 0;
  hash_ = RunningHash(Hash::sha256);
  if (request.refusal != 0) return refuse(request.refusal);
  route(request);
  const bool has_body = request.chunked || expected_ > 0;
  if (request.expect_continue && has_body && route_ != Route::post) {
    keep_alive_ = false;  // the client asked before it sent a body that is of no use
    phase_ = Phase::answer;
    return;
  }
  continue_due_ = request.expect_continue && has_body;
  phase_ = request.chunked ? Phase::chunk_size : has_body ? Phase::body : Phase::answer;
}

void Http::route(const HttpRequest& request) {
  constexpr std::string_view kBytes = "/bytes/";
  if (request.method == "POST") {
    route_ = Route::post;
  } else if (request.method != "GET" && request.method != "HEAD") {
    route_ = Route::bad_method;
  } else if (request.path == "/") {
    route_ = Route::page;
  } else {
    route_ = Route::not_found;
    if (request.path.substr(0, kBytes.size()) != kBytes) return;
    const std::optional<std::uint64_t> size = parse_decimal(request.path.substr(kBytes.size()));
    if (!size.has_value()) return;
    route_ = Route::bytes;
    bulk_size_ = *size;
  }
}

std::optional<AppStatus> Http::read_body(Exchange& exchange) {
  if (continue_due_ && exchange.input.empty()) {
    if (!append_text(exchange, "HTTP/1.1 100 Continue\r\n\r\n")) return AppStatus::starved;
    continue_due_ = false;
  }
  const auto wanted = static_cast<std::uint32_t>(std::min<std::uint64_t>(expected_, kMaxBodyPerCall));
  const std::uint32_t size = std::min(wanted, exchange.input.size());
  if (size == 0) return need_more(exchange);
  std::array<MutableBytes, 32> pieces;
  for (std::uint32_t done = 0; route_ == Route::post && done < size;) {
    const std::size_t count = exchange.input.pieces(done, pieces);
    for (std::size_t i = 0; i < count && done < size; ++i) {
      const Bytes piece = Bytes(pieces[i]).first(std::min<std::size_t>(pieces[i].size(), size - done));
      hash_.update(piece);
      done += static_cast<std::uint32_t>(piece.size());
    }
  }
  exchange.input.drop_front(size);
  expected_ -= size;
  received_ += size;
  if (expected_ > 0) return exchange.input.empty() ? need_more(exchange) : AppStatus::waiting;
  phase_ = phase_ == Phase::body ? Phase::answer : Phase::chunk_end;
  return std::nullopt;
}

std::optional<AppStatus> Http::read_chunk_line(Exchange& exchange) {
  if (continue_due_ && exchange.input.empty()) {
    if (!append_text(exchange, "HTTP/1.1 100 Continue\r\n\r\n")) return AppStatus::starved;
    continue_due_ = false;
  }
  std::array<char, kMaxLine> buffer;
  const std::uint32_t size = std::min(exchange.input.size(), kMaxLine);
  exchange.input.copy(0, MutableBytes(reinterpret_cast<std::uint8_t*>(buffer.data()), size));
  const std::string_view seen(buffer.data(), size);
  const std::size_t end = seen.find("\r\n");
  if (end == std::string_view::npos) {
    if (size < kMaxLine && seen.find('\n') == std::string_view::npos) return need_more(exchange);
    refuse(400);
    return std::nullopt;
  }
  const std::string_view line = seen.substr(0, end);
  exchange.input.drop_front(static_cast<std::uint32_t>(end) + 2);
  if (phase_ == Phase::trailer) {
    trailer_size_ += static_cast<std::uint32_t>(line.size());
    if (trailer_size_ > kMaxHead)
      refuse(431);
    else if (line.empty())
      phase_ = Phase::answer;
    return std::nullopt;
  }
  if (phase_ == Phase::chunk_end) {
    phase_ = Phase::chunk_size;
    if (!line.empty()) refuse(400);
    return std::nullopt;
  }
  const std::optional<std::uint64_t> chunk = parse_chunk_size(line);
  if (!chunk.has_value()) {
    refuse(400);
  } else if (received_ + *chunk > kMaxBody) {
    refuse(413);
  } else {
    expected_ = *chunk;
    phase_ = *chunk == 0 ? Phase::trailer : Phase::chunk_data;
  }
  return std::nullopt;
}

std::optional<AppStatus> Http::answer(Exchange& exchange) {
  if (exchange.room() < kAnswerRoom) return AppStatus::waiting;
  if (exchange.drain != Drain::none) keep_alive_ = false;
  Text body;
  std::uint16_t status = 200;
  const char* type = "text/plain";
  switch (route_) {
    case Route::page:
      body.add(kPage);
      type = "text/html; charset=utf-8";
      break;
    case Route::bytes:
      break;
    case Route::post: {
      std::array<std::uint8_t, 32> digest{};
      hash_.digest(digest);
      body.print("{\"length\":%" PRIu64 ",\"sha256\":\"", received_);
      for (const std::uint8_t byte : digest) body.print("%02x", byte);
      body.add("\"}\n");
      type = "application/json";
      break;
    }
    case Route::not_found:
      status = 404;
      break;
    case Route::bad_method:
      status = 405;
      break;
    case Route::refused:
      status = status_;
      break;
  }
  if (status != 200) body.print("%u %s\n", status, reason_phrase(status));

  Text text;
  text.print("HTTP/1.1 %u %s\r\nServer: lockstep\r\n", status, reason_phrase(status));
  print_date(text, exchange.unix_seconds);
  const std::uint64_t length = route_ == Route::bytes ? bulk_size_ : body.view().size();
  text.print("Content-Type: %s\r\nContent-Length: %" PRIu64 "\r\n", type, length);
  if (route_ == Route::bad_method) text.add("Allow: GET, HEAD, POST\r\n");
  if (!keep_alive_)
    text.add("Connection: close\r\n");
  else if (!http11_)
    text.add("Connection: keep-alive\r\n");
  text.add("\r\n");
  if (!head_only_) text.add(body.view());
  if (!append_text(exchange, text.view())) return AppStatus::starved;
  if (route_ == Route::bytes && !head_only_ && bulk_size_ > 0)
    phase_ = Phase::bulk;
  else
    end_of_answer(exchange);
  return std::nullopt;
}

std::optional<AppStatus> Http::send_bulk(Exchange& exchange) {
  while (bulk_sent_ < bulk_size_) {
    if (exchange.room() == 0) return AppStatus::waiting;
    const auto wanted = static_cast<std::uint32_t>(std::min<std::uint64_t>(exchange.room(), bulk_size_ - bulk_sent_));
    const std::uint32_t sent = exchange.patterns.letters.append(bulk_sent_, wanted, exchange.pools, exchange.output);
    if (sent == 0) return AppStatus::starved;
    bulk_sent_ += sent;
  }
  end_of_answer(exchange);
  return std::nullopt;
}

void Http::end_of_answer(Exchange& exchange) {
  phase_ = keep_alive_ && exchange.drain == Drain::none ? Phase::head : Phase::closing;
}

}  // namespace lockstep::proxy
