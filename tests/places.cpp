#include "places.hpp"

namespace places {
namespace {

std::string joined(std::string folder, std::string const& below) {
  return below.empty() ? folder : folder + "/" + below;
}

}  // namespace

std::string source(std::string const& below) {
  return joined(CPS_SOURCE_DIR, below);
}

std::string data(std::string const& module, std::string const& file) {
  return joined(source("tests/" + module + "/data"), file);
}

std::string program() {
  return CPS_PROGRAM;
}

std::string kill_at() {
  return CPS_KILL_AT;
}

}  // namespace places
