// A small HTTP/1.1 server (RFC 9110, RFC 9112) for tests, load generators and demos.
//
//   GET /           a short page
//   GET /bytes/N    N bytes, of which byte i is 'a' + i % 26
//   POST anything   {"length":N,"sha256":"..."} of the body, which may be chunked
//
// HEAD works like GET. Connections stay open as the version and the Connection field say; requests may be pipelined.
#pragma once

#include <cstdint>
#include <string_view>

#include "crypto/base/sha2.h"
#include "dataplane/proxy/exchange.h"
#include "dataplane/proxy/http_request.h"

namespace lockstep::proxy {

class Http {
 public:
  AppStatus serve(Exchange& exchange);

 private:
  enum class Phase : std::uint8_t { head, body, chunk_size, chunk_data, chunk_end, trailer, answer, bulk, closing };
  enum class Route : std::uint8_t { page, bytes, post, not_found, bad_method, refused };

  /// One step of the current phase; nullopt when the next phase goes on at once.
  std::optional<AppStatus> step(Exchange& exchange);
  std::optional<AppStatus> read_head(Exchange& exchange);
  std::optional<AppStatus> read_body(Exchange& exchange);
  std::optional<AppStatus> read_chunk_line(Exchange& exchange);
  std::optional<AppStatus> answer(Exchange& exchange);
  std::optional<AppStatus> send_bulk(Exchange& exchange);
  void begin(const HttpRequest& request);
  void route(const HttpRequest& request);
  void refuse(std::uint16_t status);
  void end_of_answer(Exchange& exchange);
  AppStatus need_more(const Exchange& exchange) const;

  Phase phase_ = Phase::head;
  Route route_ = Route::refused;
  bool head_only_ = false;
  bool http11_ = true;
  bool keep_alive_ = true;
  bool continue_due_ = false;  // 100 (Continue) has to be sent
  std::uint16_t status_ = 0;   // of a refusal
  std::uint32_t scanned_ = 0;  // bytes of the input known not to end the head
  std::uint32_t trailer_size_ = 0;
  std::uint64_t expected_ = 0;  // bytes of body, or of this chunk, still to come
  std::uint64_t received_ = 0;  // bytes of body so far
  std::uint64_t bulk_size_ = 0;
  std::uint64_t bulk_sent_ = 0;
  RunningHash hash_{Hash::sha256};
};

}  // namespace lockstep::proxy
