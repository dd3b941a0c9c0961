#include "control/cli/demo.h"

#include <cerrno>
#include <cstdio>
#include <ctime>
#include <filesystem>

#include "control/certs/authority.h"
#include "control/certs/loaded_certificate.h"
#include "control/certs/secret_file.h"
#include "control/config/load.h"
#include "control/config/values.h"
#include "control/service/privileges.h"
#include "control/service/service.h"

namespace lockstep::cli {
namespace {

constexpr std::int64_t kDay = 86400;
constexpr const char* kHeader = "# Made by \"lockstep demo\", which writes it anew each time.";

/// The demo's certificates: file name and kind of key.
struct Item {
  const char* name;
  crypto::KeyType type;
};
constexpr Item kItems[] = {{"ecdsa", crypto::KeyType::ecdsa_p256}, {"rsa", crypto::KeyType::rsa}};

std::string host_of(const std::string& interface_address) {
  return interface_address.substr(0, interface_address.find('/'));
}

/// Whether all certificates of the folder are there and good for a while yet.
bool certificates_are_good(const std::filesystem::path& folder, std::int64_t now) {
  std::error_code ignored;
  if (!std::filesystem::exists(folder / "ca.pem", ignored)) return false;
  for (const Item& item : kItems) {
    config::Diagnostics diagnostics("");
    config::Certificate certificate;
    certificate.name = item.name;
    certificate.chain = (folder / (std::string(item.name) + ".pem")).string();
    certificate.key = (folder / (std::string(item.name) + ".key")).string();
    const certs::LoadedCertificate loaded = certs::load_all({certificate}, now, diagnostics).front();
    if (loaded.key == nullptr || loaded.chain.not_after < now + kDay) return false;
  }
  return true;
}

std::string make_certificates(const std::filesystem::path& folder, const DemoOptions& options, std::int64_t now) {
  const auto authority = certs::Authority::create("Lockstep demo authority", now - kDay, now + 365 * kDay);
  if (!authority) return authority.error();
  for (const Item& item : kItems) {
    certs::Request request;
    request.dns_names = {kDemoName, "localhost"};
    request.ip_addresses = {host_of(options.address), "127.0.0.1"};
    request.key_type = item.type;
    request.not_before = now - kDay;
    request.not_after = now + 90 * kDay;
    const std::string base = (folder / item.name).string();
    if (std::string error = authority.value().issue(request, base + ".pem", base + ".key"); !error.empty())
      return error;
  }
  return certs::write_file((folder / "ca.pem").string(), authority.value().certificate_pem(), 0644);
}

std::string service_text(const std::string& name, const std::string& mode, const std::string& listen,
                         const std::string& target) {
  std::string text = "\n[[service]]\nname = \"" + name + "\"\nmode = \"" + mode + "\"\nlisten = [\"" + listen + "\"]\n";
  if (mode == "tls") text += "certificates = [\"ecdsa\", \"rsa\"]\n";
  return text + target + "\n";
}

std::string config_text(const DemoOptions& options, bool tap) {
  const std::string host = host_of(options.address);
  const std::string colon = host.find(':') == std::string::npos ? host : "[" + host + "]";
  std::string text = std::string(kHeader) +
                     "\n# Every option is explained in deploy/lockstep.example.toml.\n\n"
                     "[general]\nsocket = \"lockstep.sock\"\nlog_file = \"lockstep.log\"\ndrain_limit = \"3s\"\n\n"
                     "[tls]\nalpn = [\"http/1.1\"]\n\n"
                     "[[port]]\nname = \"demo\"\ndevice = \"" +
                     options.device + "\"\naddresses = [\"" + options.address + "\"]\n";
  if (tap) text += "kernel_address = \"" + options.kernel_address + "\"\n";
  for (const Item& item : kItems)
    text += "\n[[certificate]]\nname = \"" + std::string(item.name) + "\"\nchain = \"" + item.name +
            ".pem\"\nkey = \"" + item.name + ".key\"\n";
  text += service_text("https", "tls", colon + ":443", "builtin = \"http\"");
  text += service_text("http", "tcp", colon + ":80", "builtin = \"http\"");
  if (!options.backend.empty())
    text += service_text("proxy", "tls", colon + ":8443", "backends = [\"" + options.backend + "\"]");
  return text;
}

std::string banner_text(const DemoOptions& options, const std::filesystem::path& folder) {
  const std::string host = host_of(options.address);
  const auto curl = [&](int port, const char* path) {
    const std::string port_text = std::to_string(port);
    return "curl --cacert " + (folder / "ca.pem").string() + " --resolve " + kDemoName + ":" + port_text + ":" + host +
           " https://" + kDemoName + (port == 443 ? "" : ":" + port_text) + path;
  };
  std::string text = "Lockstep " LOCKSTEP_VERSION
                     " demo: terminates TLS 1.3 and 1.2 with its own TCP on a DPDK port, past the kernel.\n";
  text += "  port      " + options.device + ", address " + options.address + "\n";
  text += "  listens   https://" + host + "/ and http://" + host +
          "/ (built-in pages, ECDSA P-256 and RSA-2048 certificates)\n";
  if (!options.backend.empty())
    text += "            https://" + host + ":8443/ (forwards to " + options.backend + ")\n";
  text += "  try       " + curl(443, "/") + "\n            " + curl(443, "/bytes/100000000") + " -o /dev/null\n";
  if (!options.backend.empty()) text += "            " + curl(8443, "/") + "\n";
  text += "  status    lockstep status --socket " + (folder / "lockstep.sock").string() + "\n";
  text += "  metrics   curl http://127.0.0.1:9900/metrics\n";
  text += "  log       " + (folder / "lockstep.log").string() + "\n";
  return text;
}

std::string check_not_foreign(const std::filesystem::path& config_path) {
  std::error_code ignored;
  if (!std::filesystem::exists(config_path, ignored)) return {};
  const auto text = certs::read_text_file(config_path.string());
  if (text && text.value().rfind(kHeader, 0) == 0) return {};
  return config_path.string() + " was not made by lockstep demo; choose another --directory";
}

}  // namespace

Result<Demo, std::string> make_demo(const DemoOptions& options) {
  const std::filesystem::path folder = std::filesystem::absolute(options.directory).lexically_normal();
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error)
    return Failure{"cannot make the folder " + folder.string() + " (" + error.message() +
                   "); choose another --directory"};
  const std::filesystem::path config_path = folder / "lockstep.toml";
  if (std::string foreign = check_not_foreign(config_path); !foreign.empty()) return Failure{std::move(foreign)};
  const std::int64_t now = std::time(nullptr);
  if (!certificates_are_good(folder, now))
    if (std::string failed = make_certificates(folder, options, now); !failed.empty())
      return Failure{std::move(failed)};
  const bool tap = options.device.rfind("net_tap", 0) == 0 && options.device.find("iface=") != std::string::npos;
  if (std::string failed = certs::write_file(config_path.string(), config_text(options, tap), 0644); !failed.empty())
    return Failure{std::move(failed)};
  const config::Loaded loaded = config::load(config_path.string());
  if (!loaded.ok()) return Failure{"the options do not make a good configuration:\n" + loaded.diagnostics.render_all()};
  return Demo{config_path.string(), banner_text(options, folder)};
}

int demo(const DemoOptions& options) {
  if (const std::string error = service::harden_process(); !error.empty())
    std::fprintf(stderr, "lockstep: %s\n", error.c_str());
  const Result<Demo, std::string> made = make_demo(options);
  if (!made) {
    std::fprintf(stderr, "lockstep: %s\n", made.error().c_str());
    return 1;
  }
  std::fputs(made.value().banner.c_str(), stdout);
  if (!options.run) {
    std::printf("  start     lockstep run -c %s\n", made.value().config_path.c_str());
    return 0;
  }
  std::printf("  stop      Ctrl-C\n\n");
  std::fflush(stdout);
  service::RunOptions run;
  run.config_path = made.value().config_path;
  run.live = true;
  run.warnings = false;
  return service::run(run);
}

}  // namespace lockstep::cli
