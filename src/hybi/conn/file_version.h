// What fstat says, as a FileVersion (file.h). Called by open_file.cc and app/file_tree.cc.
#pragma once

#include <hybi/file.h>

#include <sys/stat.h>

namespace hybi::conn {

FileVersion version_of(const struct stat& about);

}  // namespace hybi::conn
