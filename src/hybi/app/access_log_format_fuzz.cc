// Whatever the pattern and the values, a line is one line of printable ASCII (and "…"), quotes from
// values are escaped, JSON can be read back, and redaction leaves no value of a secret parameter.
#include <hybi/app/access_log_format.h>
#include <hybi/app/log_redaction.h>

#include <nlohmann/json.hpp>

#include <cstdlib>

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

bool printable(std::string_view line, bool literals_too) {
  while (!line.empty()) {
    const auto c = static_cast<unsigned char>(line.front());
    if (line.starts_with(hybi::kRedacted)) {
      line.remove_prefix(hybi::kRedacted.size());
      continue;
    }
    if (c < 0x20 || (!literals_too && c >= 0x7f)) return false;
    line.remove_prefix(1);
  }
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace hybi;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t cut = std::min(input.find('\n'), input.size());
  const std::string_view format = input.substr(0, cut);
  const std::string value(input.substr(std::min(cut + 1, input.size())));

  const AccessLogFormat own(format);
  const std::vector<std::string> values(own.items().size(), value);
  const bool named = format == "json" || format == "logfmt";
  require(named || printable(own.line(values), true));

  const AccessLogFormat one("%{User-Agent}i");
  const std::string shown = one.line(std::vector<std::string>{value});
  require(printable(shown, false));
  for (std::size_t i = 0; i < shown.size(); ++i) {
    if (shown[i] == '\\') {
      ++i;
    } else {
      require(shown[i] != '"');
    }
  }

  const AccessLogFormat json("json");
  std::vector<std::string> fields(json.items().size());
  fields[2] = value;
  const std::string object = json.line(fields);
  require(printable(object, false));
  require(nlohmann::json::parse(object).size() == (value.empty() ? 0U : 1U));

  const LogRedaction redaction({}, {"token"});
  const std::string target = "/?" + value + "&token=qqSECRETqq";
  require(redaction.url(target).find("qqSECRETqq") == std::string::npos ||
          value.find("qqSECRETqq") != std::string::npos);
  return 0;
}
