#include "dataplane/proxy/http_request.h"

#include <algorithm>

namespace lockstep::proxy {

namespace {

bool is_token_character(char c) {  // RFC 9110 section 5.6.2
  if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) return true;
  return c != '\0' && std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_token_character);
}

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// Cuts the part up to `delimiter` off `rest`; the delimiter goes too.
std::string_view cut(std::string_view& rest, std::string_view delimiter) {
  const std::size_t at = rest.find(delimiter);
  const std::string_view part = rest.substr(0, at);
  rest.remove_prefix(at == std::string_view::npos ? rest.size() : at + delimiter.size());
  return part;
}

/// The fields seen so far, of which only one of each may come.
struct Fields {
  bool host = false;
  bool content_length = false;
  bool transfer_encoding = false;
  bool close = false;
  bool keep_alive = false;
};

/// RFC 9112 section 3.2: origin-form, or absolute-form as for a proxy.
std::optional<std::string_view> path_of(std::string_view target) {
  const std::size_t scheme = target.find("://");
  if (!target.empty() && target.front() != '/' && scheme != std::string_view::npos) {
    target.remove_prefix(scheme + 3);
    const std::size_t slash = target.find('/');
    target = slash == std::string_view::npos ? std::string_view("/") : target.substr(slash);
  }
  if (target.empty() || (target.front() != '/' && target != "*")) return std::nullopt;
  return target.substr(0, target.find('?'));
}

std::uint16_t parse_request_line(std::string_view line, HttpRequest& request) {
  request.method = cut(line, " ");
  const std::string_view target = cut(line, " ");
  const bool visible = std::all_of(target.begin(), target.end(), [](char c) { return c > ' ' && c < 0x7f; });
  const std::optional<std::string_view> path = path_of(target);
  if (!is_token(request.method) || !path.has_value() || !visible) return 400;
  request.path = *path;
  if (line.size() != 8 || line.substr(0, 5) != "HTTP/" || line[6] != '.') return 400;
  request.http11 = line == "HTTP/1.1";
  return request.http11 || line == "HTTP/1.0" ? 0 : 505;
}

void parse_connection(std::string_view value, Fields& fields) {
  while (!value.empty()) {
    const std::string_view option = trim(cut(value, ","));
    if (equal_ignoring_case(option, "close")) fields.close = true;
    if (equal_ignoring_case(option, "keep-alive")) fields.keep_alive = true;
  }
}

std::uint16_t parse_field(std::string_view line, HttpRequest& request, Fields& fields) {
  if (line.find(':') == std::string_view::npos) return 400;
  const std::string_view name = cut(line, ":");
  const std::string_view value = trim(line);
  if (!is_token(name)) return 400;  // also white space before the colon and folded lines (RFC 9112 section 5)
  const bool clean = std::all_of(value.begin(), value.end(),
                                 [](char c) { return c == '\t' || (c >= 0 ? c >= ' ' && c != 0x7f : true); });
  if (!clean) return 400;
  if (equal_ignoring_case(name, "host")) {
    if (fields.host) return 400;  // RFC 9112 section 3.2
    fields.host = true;
  } else if (equal_ignoring_case(name, "content-length")) {
    const std::optional<std::uint64_t> length = parse_decimal(value);
    if (!length.has_value() || fields.content_length) return 400;  // RFC 9112 section 6.3
    if (*length > kMaxBody) return 413;
    fields.content_length = true;
    request.content_length = *length;
  } else if (equal_ignoring_case(name, "transfer-encoding")) {
    if (fields.transfer_encoding) return 400;
    if (!equal_ignoring_case(value, "chunked")) return 501;
    fields.transfer_encoding = true;
    request.chunked = true;
  } else if (equal_ignoring_case(name, "connection")) {
    parse_connection(value, fields);
  } else if (equal_ignoring_case(name, "expect")) {
    if (!equal_ignoring_case(value, "100-continue")) return 417;
    request.expect_continue = true;
  }
  return 0;
}

}  // namespace

HttpRequest parse_request(std::string_view head) {
  HttpRequest request;
  request.refusal = parse_request_line(cut(head, "\r\n"), request);
  Fields fields;
  while (request.refusal == 0) {
    const std::string_view line = cut(head, "\r\n");
    if (line.empty()) break;
    request.refusal = parse_field(line, request, fields);
  }
  request.keep_alive = !fields.close && (request.http11 || fields.keep_alive);
  if (request.refusal != 0) return request;
  if (request.http11 && !fields.host) request.refusal = 400;
  // Both lengths, or a coding that HTTP/1.0 does not have: the way requests are smuggled (RFC 9112 section 6.1).
  if (fields.transfer_encoding && (fields.content_length || !request.http11)) request.refusal = 400;
  if (!request.http11) request.expect_continue = false;  // RFC 9110 section 10.1.1
  return request;
}

std::optional<std::uint64_t> parse_chunk_size(std::string_view line) {
  const std::string_view digits = trim(line.substr(0, line.find(';')));
  if (digits.empty() || digits.size() > 16) return std::nullopt;
  std::uint64_t value = 0;
  for (const char c : digits) {
    const char l = lower(c);
    if (!((l >= '0' && l <= '9') || (l >= 'a' && l <= 'f'))) return std::nullopt;
    value = value << 4U | static_cast<std::uint64_t>(l <= '9' ? l - '0' : l - 'a' + 10);
  }
  if (value > kMaxBody) return std::nullopt;
  return value;
}

std::optional<std::uint64_t> parse_decimal(std::string_view digits) {
  if (digits.empty() || digits.size() > 19) return std::nullopt;
  std::uint64_t value = 0;
  for (const char c : digits) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return value;
}

}  // namespace lockstep::proxy
