#include "control/certs/ocsp_fetch.h"

#include <curl/curl.h>
#include <openssl/evp.h>

#include <memory>

#include "control/certs/staple.h"

namespace lockstep::certs {
namespace {

constexpr std::size_t kMaxGetUrl = 255;
constexpr long kTimeoutMs = 10'000;
constexpr long kConnectTimeoutMs = 5'000;
constexpr long kOk = 200;

struct CurlDeleter {
  void operator()(CURL* curl) const { curl_easy_cleanup(curl); }
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using Curl = std::unique_ptr<CURL, CurlDeleter>;
using Headers = std::unique_ptr<curl_slist, CurlDeleter>;

/// Once, before the first handle; libcurl wants no other thread in it then.
bool curl_is_ready() {
  static const bool ready = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  return ready;
}

std::size_t take(const char* data, std::size_t, std::size_t size, void* out) {
  auto& response = *static_cast<std::vector<std::uint8_t>*>(out);
  if (response.size() + size > kMaxOcspResponse) return 0;  // ends the transfer
  response.insert(response.end(), data, data + size);
  return size;
}

int is_cancelled(void* cancelled, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<const std::atomic<bool>*>(cancelled)->load(std::memory_order_relaxed) ? 1 : 0;
}

void set_limits(CURL* curl, const std::atomic<bool>& cancelled) {
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, kTimeoutMs);
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, kConnectTimeoutMs);
  curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, is_cancelled);
  curl_easy_setopt(curl, CURLOPT_XFERINFODATA, const_cast<std::atomic<bool>*>(&cancelled));
  curl_easy_setopt(curl, CURLOPT_USERAGENT, "lockstep/" LOCKSTEP_VERSION);
}

}  // namespace

std::string ocsp_get_url(const std::string& url, Bytes request) {
  if (request.size() > kMaxGetUrl) return {};
  std::string base64(request.size() * 2 + 8, '\0');
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(base64.data()), request.data(),
                                   static_cast<int>(request.size()));
  base64.resize(static_cast<std::size_t>(size));
  std::string result = url + (url.ends_with('/') ? "" : "/");
  for (const char c : base64) {
    if (c == '+')
      result += "%2B";
    else if (c == '/')
      result += "%2F";
    else if (c == '=')
      result += "%3D";
    else
      result += c;
  }
  return result.size() <= kMaxGetUrl ? result : std::string();
}

Result<std::vector<std::uint8_t>, std::string> fetch_ocsp(const std::string& url, Bytes request,
                                                          const std::atomic<bool>& cancelled) {
  const Curl curl(curl_is_ready() ? curl_easy_init() : nullptr);
  if (curl == nullptr) return Failure{std::string("libcurl cannot be used; install the package libcurl4 again")};
  set_limits(curl.get(), cancelled);
  std::vector<std::uint8_t> response;
  curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, take);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEDATA, &response);
  const std::string get_url = ocsp_get_url(url, request);
  Headers headers(curl_slist_append(nullptr, "Accept: application/ocsp-response"));
  if (get_url.empty()) {
    headers.reset(curl_slist_append(headers.release(), "Content-Type: application/ocsp-request"));
    curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDSIZE, static_cast<long>(request.size()));
    curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDS, request.data());
  }
  curl_easy_setopt(curl.get(), CURLOPT_URL, get_url.empty() ? url.c_str() : get_url.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_HTTPHEADER, headers.get());
  const CURLcode outcome = curl_easy_perform(curl.get());
  if (outcome != CURLE_OK)
    return Failure{"the OCSP responder " + url + " cannot be reached or does not answer properly (" +
                   curl_easy_strerror(outcome) + "); check that this host may connect to it"};
  long code = 0;
  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &code);
  if (code != kOk)
    return Failure{"the OCSP responder " + url + " answers with HTTP status " + std::to_string(code) +
                   "; ask who runs it"};
  return response;
}

}  // namespace lockstep::certs
