// The files of a folder of templates: their names, their texts, and whether they have changed.
//
// A name is only ever looked up among the files that were found, never made into a path: "../x" is
// no template whatever stands there. Called by template.cc.
#pragma once

#include <hybi/template.h>

#include <cstdint>
#include <string>
#include <vector>

namespace hybi {

struct TemplateFile {
  std::string name;  // "rooms/row"
  std::string path;
  // What tells one state of the file from another. An editor may write a new file of the same
  // length within the clock's resolution: it is another inode then, or has another change time.
  std::uint64_t size = 0, inode = 0;
  std::int64_t modified_ns = 0, changed_ns = 0;

  friend bool operator==(const TemplateFile&, const TemplateFile&) = default;
};

// The templates of a folder and the folders in it, by name. Files and folders that begin with a dot
// are none; folders behind symbolic links are not entered.
// Fails: TemplateFolder.
Outcome<std::vector<TemplateFile>, TemplateError> find_templates(const MustacheOptions& options);

// Fails: TemplateFolder, TemplateTooLarge.
Outcome<std::string, TemplateError> read_template(const TemplateFile& file, std::size_t max_bytes);

}  // namespace hybi
