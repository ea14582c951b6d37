#define DOCTEST_CONFIG_IMPLEMENT
#include <cstdio>

#include <doctest/doctest.h>

namespace {

bool none_ran = true;

/// A filter that selects nothing must not look like tests that passed.
struct Counted : doctest::IReporter {
  explicit Counted(doctest::ContextOptions const& /*options*/) {}
  void report_query(doctest::QueryData const& /*query*/) override { none_ran = false; }
  void test_run_start() override {}
  void test_run_end(doctest::TestRunStats const& stats) override { none_ran = stats.numTestCasesPassingFilters == 0; }
  void test_case_start(doctest::TestCaseData const& /*data*/) override {}
  void test_case_reenter(doctest::TestCaseData const& /*data*/) override {}
  void test_case_end(doctest::CurrentTestCaseStats const& /*stats*/) override {}
  void test_case_exception(doctest::TestCaseException const& /*exception*/) override {}
  void subcase_start(doctest::SubcaseSignature const& /*signature*/) override {}
  void subcase_end() override {}
  void log_assert(doctest::AssertData const& /*data*/) override {}
  void log_message(doctest::MessageData const& /*data*/) override {}
  void test_case_skipped(doctest::TestCaseData const& /*data*/) override {}
};

REGISTER_LISTENER("counted", 1, Counted);

}  // namespace

int main(int argc, char** argv) {
  int const result = doctest::Context(argc, argv).run();
  if (none_ran) std::fputs("no test case was selected\n", stderr);
  return result != 0 || none_ran ? 1 : 0;
}
