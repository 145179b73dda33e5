// `--name value` and `--flag` for the benchmark's programs: floors, peers and the load generator.
// Deliberately tiny: no help texts, no types but text and integers, last one wins.
#pragma once

#include <cstdlib>
#include <string>
#include <string_view>

namespace bench {

class Args {
 public:
  Args(int argc, char** argv) : argc_(argc), argv_(argv) {}

  std::string text(std::string_view name, std::string_view otherwise) const {
    std::string value(otherwise);
    for (int i = 1; i + 1 < argc_; ++i) {
      if (name == argv_[i]) value = argv_[i + 1];
    }
    return value;
  }

  long number(std::string_view name, long otherwise) const {
    const std::string value = text(name, "");
    return value.empty() ? otherwise : std::strtol(value.c_str(), nullptr, 10);
  }

  double real(std::string_view name, double otherwise) const {
    const std::string value = text(name, "");
    return value.empty() ? otherwise : std::strtod(value.c_str(), nullptr);
  }

  bool flag(std::string_view name) const {
    for (int i = 1; i < argc_; ++i) {
      if (name == argv_[i]) return true;
    }
    return false;
  }

 private:
  int argc_;
  char** argv_;
};

}  // namespace bench
