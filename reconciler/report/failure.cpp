#include "report/failure.hpp"

#include "base/fields.hpp"
#include "base/screen.hpp"
#include "base/text.hpp"
#include "report/csv.hpp"
#include "report/junit.hpp"
#include "report/markdown.hpp"
#include "report/wording.hpp"

namespace cpsctl::report {
namespace {

std::string words_of(Error const& error) {
  std::string words = text::printable(describe(error));
  if (!error.next.empty()) words += "\nnext: " + text::printable(error.next);
  return words;
}

}  // namespace

void error_text(Error const& error, Style const& style, std::ostream& out) {
  screen::line(out, "{} {}", paint("error:", Ink::bad, style), text::printable(describe(error)));
  if (!error.next.empty()) screen::line(out, "  next: {}", text::printable(next_step(error.next, style)));
}

namespace {

struct Problem {
  std::string kind = {};
  int exit_code = 0;
  std::string message = {};
  std::string next = {};
};
BOOST_DESCRIBE_STRUCT(Problem, (), (kind, exit_code, message, next))
struct FailureDocument {
  Problem error = {};
};
BOOST_DESCRIBE_STRUCT(FailureDocument, (), (error))

}  // namespace

json::Document failure_document(Failure const& failure) {
  return fields::versioned(FailureDocument{{.kind = std::string(failure.kind),
                                            .exit_code = failure.exit,
                                            .message = describe(failure.error),
                                            .next = failure.error.next}});
}

std::string failure_markdown(Failure const& failure) {
  constexpr std::size_t most = 2000;
  std::string text = fmt::format("{}\n### cpsctl {}: failed\n\nThere is no report: {}\n", marker(failure.command),
                                 failure.command, markdown::prose(describe(failure.error), most));
  if (!failure.error.next.empty()) text += fmt::format("\n**Next:** {}\n", markdown::prose(failure.error.next, most));
  return text + fmt::format("\nExit code {}.\n", failure.exit);
}

std::string failure_csv(Failure const& failure) {
  return csv::record({"error", "exitCode", "message", "next"}) +
         csv::record(
             {std::string(failure.kind), std::to_string(failure.exit), describe(failure.error), failure.error.next});
}

std::string failure_junit(Failure const& failure) {
  return junit::document(failure.command, {{.name = std::string(failure.command),
                                            .verdict = junit::Verdict::error,
                                            .kind = std::string(failure.kind),
                                            .message = describe(failure.error),
                                            .text = words_of(failure.error)}});
}

json::Document failure_sarif(Failure const& failure, Surroundings const& around) {
  json::Document document = sarif_run(around, false);
  auto& pool = document.GetAllocator();
  json::Value notification(rapidjson::kObjectType);
  json::set(notification, "level", json::string("error", pool), pool);
  json::set(notification, "message", sarif_message(describe(failure.error), failure.error.next, pool), pool);
  json::Value notifications(rapidjson::kArrayType);
  notifications.PushBack(notification, pool);
  json::Value& invocation = (*json::find((*json::find(document, "runs"))[0], "invocations"))[0];
  json::set(invocation, "exitCode", json::Value(failure.exit), pool);
  json::set(invocation, "toolExecutionNotifications", std::move(notifications), pool);
  return document;
}

std::string failure_github(Failure const& failure, Surroundings const& around) {
  Mark place = failure.error.at.value_or(Mark{.file = "", .line = 0});
  if (!place.file.empty() && around.path_in_repository) place.file = around.path_in_repository(place.file);
  return github_command(Severity::error, place, fmt::format("cpsctl {}", failure.command), words_of(failure.error));
}

std::string failure_comment(Failure const& failure, std::string_view mark) {
  std::string comment =
      fmt::format("{} cpsctl {} failed: {}\n", mark, failure.command, text::printable(describe(failure.error)));
  if (!failure.error.next.empty()) comment += fmt::format("{} next: {}\n", mark, text::printable(failure.error.next));
  return comment;
}

}  // namespace cpsctl::report
