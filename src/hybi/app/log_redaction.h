// Keeps secrets out of logs: fields that are never written, parameters of URLs that are replaced.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace hybi {

inline constexpr std::string_view kRedacted = "…";

class LogRedaction {
 public:
  LogRedaction(std::vector<std::string> fields, std::vector<std::string> parameters)
      : fields_(std::move(fields)), parameters_(std::move(parameters)) {}

  // Authorization, Proxy-Authorization, Cookie, Set-Cookie, and those that were named.
  bool is_secret_field(std::string_view name) const;
  // A target or URL with the values of secret parameters replaced, in its query and in its
  // fragment, and the user information too.
  std::string url(std::string_view url) const;
  // What may be logged of a field: Referer and Location are URLs.
  std::string field(std::string_view name, std::string_view value) const;

 private:
  bool is_secret_parameter(std::string_view name) const;
  void append_pairs(std::string_view pairs, std::string& out) const;

  std::vector<std::string> fields_, parameters_;
};

}  // namespace hybi
