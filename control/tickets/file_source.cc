// Keys from files that the operator makes and distributes.
#include "control/tickets/source.h"

namespace lockstep::tickets {
namespace {

class FileSource final : public Source {
 public:
  std::string configure(const config::Tickets&, Material material, Duration, UnixTime now) override {
    const bool had_keys = ring_.size() != 0;
    const auto before = had_keys ? ring_.sealing().name : std::array<std::uint8_t, tls::kTicketKeyName>{};
    for (std::size_t i = material.files.sealing; i < material.files.keys.size(); ++i)
      material.files.keys[i]->since = now;
    ring_.assign(std::move(material.files.keys), material.files.sealing);
    if (had_keys && ring_.sealing().name != before) {
      ring_.sealing().since = now;
      ++rotations_;
    }
    return {};
  }
  bool advance(UnixTime) override { return false; }
  std::string rotate(UnixTime) override {
    return "the keys come from files (source = \"file\"); change the files, and send SIGHUP to the service";
  }
};

}  // namespace

std::unique_ptr<Source> make_file_source() {
  return std::make_unique<FileSource>();
}

}  // namespace lockstep::tickets
