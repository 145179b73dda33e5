// A temporary folder of templates. Only for *_test.cc and fuzzers; not installed.
#pragma once

#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include <stdlib.h>

namespace hybi::test {

class TemplateFolder {
 public:
  using Files = std::initializer_list<std::pair<std::string_view, std::string_view>>;

  TemplateFolder(Files files = {}) {
    char path[] = "/tmp/hybi-templates-XXXXXX";
    if (::mkdtemp(path) == nullptr) std::abort();
    path_ = path;
    for (const auto& [name, text] : files) write(name, text);
  }
  ~TemplateFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemplateFolder(const TemplateFolder&) = delete;
  TemplateFolder& operator=(const TemplateFolder&) = delete;

  const std::string& path() const { return path_; }
  void write(std::string_view name, std::string_view text) const {
    const std::filesystem::path file = std::filesystem::path(path_) / name;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << text;
  }
  void remove(std::string_view name) const {
    std::filesystem::remove(std::filesystem::path(path_) / name);
  }

 private:
  std::string path_;
};

}  // namespace hybi::test
