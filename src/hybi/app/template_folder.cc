#include <hybi/app/template_folder.h>
#include <hybi/base/utf8.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

#include <sys/stat.h>

namespace hybi {
namespace {

namespace fs = std::filesystem;

constexpr int kMaxFolders = 16;  // within one another

TemplateError folder_error(std::string name, std::string what) {
  return {Errc::TemplateFolder, std::move(name), 0, std::move(what)};
}

std::int64_t in_nanoseconds(const timespec& time) {
  return static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}

// The ending that makes `file` a template; "" if none does.
std::string_view extension_of(std::string_view file, const MustacheOptions& options) {
  for (const std::string& extension : options.extensions) {
    if (!extension.empty() && file.size() > extension.size() && file.ends_with(extension)) {
      return extension;
    }
  }
  return {};
}

}  // namespace

Outcome<std::vector<TemplateFile>, TemplateError> find_templates(const MustacheOptions& options) {
  std::error_code failed;
  fs::recursive_directory_iterator entry(options.folder, failed);
  if (failed) return folder_error(options.folder, failed.message());
  std::vector<TemplateFile> files;
  for (; entry != fs::recursive_directory_iterator(); entry.increment(failed)) {
    const std::string file = entry->path().filename().string();
    if (file.starts_with('.') || entry.depth() >= kMaxFolders) {
      entry.disable_recursion_pending();
      continue;
    }
    const std::string_view extension = extension_of(file, options);
    struct stat status {};
    if (extension.empty() || ::stat(entry->path().c_str(), &status) != 0 ||
        !S_ISREG(status.st_mode)) {
      continue;  // also one that has just been deleted
    }
    std::string name = entry->path().lexically_relative(options.folder).generic_string();
    name.resize(name.size() - extension.size());
    if (!is_utf8(name)) return folder_error(options.folder, "the name of a template is not UTF-8");
    if (files.size() >= options.max_templates) {
      return folder_error(options.folder,
                          "more templates than " + std::to_string(options.max_templates));
    }
    files.push_back({.name = std::move(name),
                     .path = entry->path().string(),
                     .size = static_cast<std::uint64_t>(status.st_size),
                     .inode = status.st_ino,
                     .modified_ns = in_nanoseconds(status.st_mtim),
                     .changed_ns = in_nanoseconds(status.st_ctim)});
  }
  if (failed) return folder_error(options.folder, failed.message());
  std::sort(files.begin(), files.end(), [](const TemplateFile& a, const TemplateFile& b) {
    return a.name != b.name ? a.name < b.name : a.path < b.path;
  });
  const auto twice = std::adjacent_find(
      files.begin(), files.end(),
      [](const TemplateFile& a, const TemplateFile& b) { return a.name == b.name; });
  if (twice != files.end()) {
    return folder_error(options.folder, twice->path + " and " + std::next(twice)->path +
                                            " are both the template \"" + twice->name + "\"");
  }
  return files;
}

Outcome<std::string, TemplateError> read_template(const TemplateFile& file, std::size_t max_bytes) {
  const auto too_large = [&] {
    return TemplateError{Errc::TemplateTooLarge, file.name, 0,
                         "longer than " + std::to_string(max_bytes) + " bytes"};
  };
  if (file.size > max_bytes) return too_large();
  std::ifstream in(file.path, std::ios::binary);
  if (!in) return folder_error(file.name, file.path + " cannot be read");
  // To its end, which may be elsewhere by now.
  std::string text;
  char buffer[16 * 1024];
  while (in && text.size() <= max_bytes) {
    in.read(buffer, sizeof buffer);
    text.append(buffer, static_cast<std::size_t>(in.gcount()));
  }
  if (in.bad()) return folder_error(file.name, file.path + " cannot be read");
  if (text.size() > max_bytes) return too_large();
  return text;
}

}  // namespace hybi
