# hybi_embed_assets(<target> <folder> [PREFIX <path>] [NAMESPACE <c++ namespace>] [EXCLUDE <regex>...] [NO_GZIP])
#
# Makes a static library of the files below <folder>, dot-files left out, and the header <target.h> with
#   const hybi::EmbeddedFolder& <target>();      // in NAMESPACE, if given
# for hybi::embedded_files and hybi::send_embedded. Each file has its media type (from /etc/mime.types), an ETag
# (from SHA-256) and, where gzip is installed and saves something, a gzip variant. PREFIX is put in front of the paths. Files that come,
# go or change are noticed by the next build. EXCLUDE is matched against the path below <folder>.
set(HYBI_EMBED_ASSETS_SCRIPT ${CMAKE_CURRENT_LIST_DIR}/embed_assets_run.cmake CACHE INTERNAL "")

function(hybi_embed_assets target folder)
  cmake_parse_arguments(assets "NO_GZIP" "PREFIX;NAMESPACE" "EXCLUDE" ${ARGN})
  if(assets_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "hybi_embed_assets(${target}): unknown arguments ${assets_UNPARSED_ARGUMENTS}")
  endif()
  get_filename_component(folder ${folder} ABSOLUTE)
  if(NOT IS_DIRECTORY ${folder})
    message(FATAL_ERROR "hybi_embed_assets(${target}): no folder ${folder}")
  endif()
  file(GLOB_RECURSE names CONFIGURE_DEPENDS LIST_DIRECTORIES false RELATIVE ${folder} ${folder}/*)
  list(FILTER names EXCLUDE REGEX "(^|/)\\.")
  foreach(pattern ${assets_EXCLUDE})
    list(FILTER names EXCLUDE REGEX ${pattern})
  endforeach()
  foreach(name IN LISTS names)
    if(name MATCHES "[\"\\$]")
      message(FATAL_ERROR "hybi_embed_assets(${target}): the name of ${folder}/${name} needs quoting")
    endif()
  endforeach()
  list(TRANSFORM names PREPEND ${folder}/ OUTPUT_VARIABLE files)

  set(directory ${CMAKE_CURRENT_BINARY_DIR}/${target}.assets)
  set(gzip "")
  if(NOT assets_NO_GZIP)
    find_program(HYBI_GZIP gzip)
    if(HYBI_GZIP)
      set(gzip ${HYBI_GZIP})
    endif()
  endif()
  # The list of files is an input as well: one that was removed changes nothing else.
  list(JOIN names "\n" lines)
  file(CONFIGURE OUTPUT ${directory}/files.txt CONTENT "${lines}\n" @ONLY)
  set(begin "")
  set(end "")
  if(assets_NAMESPACE)
    set(begin "namespace ${assets_NAMESPACE} {\n\n")
    set(end "\n}  // namespace ${assets_NAMESPACE}\n")
  endif()
  file(CONFIGURE OUTPUT ${directory}/include/${target}.h @ONLY CONTENT "// Made by hybi_embed_assets.
#pragma once

#include <hybi/static_files.h>

${begin}// Lifetime: static.
const hybi::EmbeddedFolder& ${target}();
${end}")

  add_custom_command(
    OUTPUT ${directory}/${target}.cc
    COMMAND ${CMAKE_COMMAND} -DNAME=${target} -DFOLDER=${folder} -DDIRECTORY=${directory} -DPREFIX=${assets_PREFIX}
            -DNAMESPACE=${assets_NAMESPACE} -DGZIP=${gzip} -P ${HYBI_EMBED_ASSETS_SCRIPT}
    DEPENDS ${files} ${directory}/files.txt ${HYBI_EMBED_ASSETS_SCRIPT}
    COMMENT "Embedding ${folder}"
    VERBATIM)
  # The assembler reads the files: the compiler's list of what it depends on does not have them.
  set_source_files_properties(${directory}/${target}.cc PROPERTIES OBJECT_DEPENDS "${files}")
  add_library(${target} STATIC ${directory}/${target}.cc)
  target_include_directories(${target} PUBLIC ${directory}/include)
  target_link_libraries(${target} PUBLIC hybi::hybi)
  target_compile_features(${target} PUBLIC cxx_std_20)
  set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE ON)
endfunction()
