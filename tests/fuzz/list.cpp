#include "cps/list_reader.hpp"
#include "fuzz/fuzz.hpp"

#include <fmt/format.h>

using namespace cpsctl;

/// A list of enrollments means the same in whatever pieces it arrives, and never more than a whole-text parser reads.
namespace {

constexpr std::size_t most = 1 << 20;

Result<std::vector<cps::Live>> read(std::vector<std::string_view> const& pieces) {
  cps::ListReader reader(most);
  for (std::string_view const piece : pieces) CPS_CHECK(reader.feed(piece));
  return reader.finish();
}

}  // namespace

int LLVMFuzzerTestOneInput(std::uint8_t const* bytes, std::size_t size) {
  std::string_view const text = fuzz::text(bytes, size);
  auto const whole = read({text});
  auto const cut = read(fuzz::pieces(text));
  fuzz::holds(whole.has_value() == cut.has_value(), "pieces make no difference");
  if (!whole) {
    fuzz::holds(fuzz::is_printable(describe(whole.error())), "an error is one line", describe(whole.error()));
    return 0;
  }
  auto const document = json::parse(text, "the list");
  json::Value const* const array = document ? json::find(*document, "enrollments") : nullptr;
  fuzz::holds(array != nullptr && array->IsArray(), "what the reader takes is a list", text);
  std::string const sizes = fmt::format("{} {} {}", array->Size(), whole->size(), cut->size());
  fuzz::holds(array->Size() == whole->size() && whole->size() == cut->size(), "no enrollment is lost or made up",
              sizes);
  for (std::size_t i = 0; i < whole->size(); ++i) {
    json::Value const& element = (*array)[static_cast<rapidjson::SizeType>(i)];
    fuzz::holds((*whole)[i].id == (*cut)[i].id && (*whole)[i].id.value > 0, "the ids are the same");
    fuzz::holds(json::equal(*(*whole)[i].document, element), "an enrollment is what the text says");
  }
  return 0;
}
