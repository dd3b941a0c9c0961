#include "control/api/tickets.h"

#include <nlohmann/json.hpp>

#include "control/api/table.h"
#include "control/log/line.h"

namespace lockstep::api {
namespace {

using Json = nlohmann::ordered_json;

Json key_json(const tickets::KeyView& key) {
  return {{"name", key.name},
          {"use", tickets::name(key.use)},
          {"since", log::timestamp(key.since)},
          {"until", key.until ? Json(log::timestamp(*key.until)) : Json(nullptr)}};
}

}  // namespace

std::string tickets_json(const tickets::View& tickets) {
  Json document = {{"source", tickets.source},
                   {"rotations", tickets.rotations},
                   {"problem", tickets.problem},
                   {"keys", Json::array()}};
  for (const tickets::KeyView& key : tickets.keys) document["keys"].push_back(key_json(key));
  return document.dump(2, ' ', true, Json::error_handler_t::replace) + "\n";
}

std::string tickets_table(const std::string& json) {
  try {
    const Json document = Json::parse(json);
    Table table;
    table.row({"key", "use", "seals since", "accepted until"});
    for (const Json& key : document.at("keys"))
      table.row({key.at("name").get<std::string>(), key.at("use").get<std::string>(),
                 key.at("since").get<std::string>(),
                 key.at("until").is_null() ? "it is removed" : key.at("until").get<std::string>()});
    const auto problem = document.at("problem").get<std::string>();
    return "ticket keys, source " + document.at("source").get<std::string>() + ", " +
           std::to_string(document.at("rotations").get<std::uint64_t>()) + " rotations\n" + table.text() +
           (problem.empty() ? "" : "problem: " + problem + "\n");
  } catch (const Json::exception&) {
    return {};
  }
}

std::string rotated_json(const Rotated& rotated) {
  return Json{{"rotated", true}, {"sealing", rotated.sealing}}.dump() + "\n";
}

}  // namespace lockstep::api
