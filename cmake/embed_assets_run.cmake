# Run by embed_assets.cmake while building: writes DIRECTORY/NAME.cc for the files of DIRECTORY/files.txt.
# Their bytes come in by .incbin: no compiler has to read them, whatever their size.
cmake_minimum_required(VERSION 3.25)

# hybi_media_type(<out> <name>): as hybi::MimeTypes does it; "" leaves it to the program.
function(hybi_media_type out name)
  set(${out} "" PARENT_SCOPE)
  if(NOT EXISTS /etc/mime.types)
    return()
  endif()
  get_filename_component(longest "${name}" EXT)
  get_filename_component(last "${name}" LAST_EXT)
  foreach(extension "${longest}" "${last}")
    string(TOLOWER "${extension}" extension)
    if(NOT extension MATCHES "^\\.[a-z0-9.+-]+$")
      continue()
    endif()
    string(SUBSTRING "${extension}" 1 -1 extension)
    string(REGEX REPLACE "([.+])" "\\\\\\1" pattern "${extension}")
    file(STRINGS /etc/mime.types lines REGEX "^[^#]+[ \t]${pattern}([ \t]|$)")
    if(lines)
      list(POP_BACK lines line)
      string(REGEX REPLACE "[ \t].*" "" type "${line}")
      if(type MATCHES "^text/")
        string(APPEND type "; charset=utf-8")
      endif()
      set(${out} "${type}" PARENT_SCOPE)
      return()
    endif()
  endforeach()
endfunction()

# hybi_take(<symbol> <file>): appends to `declarations` what brings the file in.
function(hybi_take symbol file)
  string(APPEND declarations "extern \"C\" __attribute__((visibility(\"hidden\"))) const char ${symbol}[];
__asm__(\".pushsection .rodata\\n.global ${symbol}\\n.hidden ${symbol}\\n.balign 16\\n${symbol}:\\n\"
        \".incbin \\\"${file}\\\"\\n.byte 0\\n.popsection\\n\");\n")
  set(declarations "${declarations}" PARENT_SCOPE)
endfunction()

file(STRINGS ${DIRECTORY}/files.txt names)
# Sorted by the whole path: EmbeddedFolder::find relies on it.
list(SORT names COMPARE STRING)
set(declarations "")
set(table "")
set(number 0)
foreach(name IN LISTS names)
  set(file ${FOLDER}/${name})
  file(SIZE ${file} size)
  file(SHA256 ${file} hash)
  string(SUBSTRING ${hash} 0 32 hash)
  set(symbol hybi_asset_${NAME}_${number})
  hybi_take(${symbol} ${file})
  set(gzip "{}")
  if(GZIP AND size GREATER 255)
    set(packed ${DIRECTORY}/${number}.gz)
    # -n: neither name nor time, so that the same bytes give the same bytes.
    execute_process(COMMAND ${GZIP} -9 -n -c ${file} OUTPUT_FILE ${packed} COMMAND_ERROR_IS_FATAL ANY)
    file(SIZE ${packed} packed_size)
    # Less than a twentieth saved is not worth a header field.
    math(EXPR worth "${size} - ${size} / 20")
    if(packed_size LESS worth)
      hybi_take(${symbol}_gzip ${packed})
      set(gzip "{${symbol}_gzip, ${packed_size}}")
    endif()
  endif()
  hybi_media_type(type "${name}")
  string(APPEND table "    {\"${PREFIX}${name}\", \"${type}\", \"\\\"${hash}\\\"\", {${symbol}, ${size}}, ${gzip}},\n")
  math(EXPR number "${number} + 1")
endforeach()

set(begin "")
set(end "")
if(NAMESPACE)
  set(begin "namespace ${NAMESPACE} {\n\n")
  set(end "\n}  // namespace ${NAMESPACE}\n")
endif()
file(WRITE ${DIRECTORY}/${NAME}.cc "// Made by hybi_embed_assets from ${number} files.
#include <${NAME}.h>

#include <array>

${declarations}
${begin}const hybi::EmbeddedFolder& ${NAME}() {
  static constexpr std::array<hybi::EmbeddedFile, ${number}> kFiles{{
${table}  }};
  static constexpr hybi::EmbeddedFolder kFolder{kFiles};
  return kFolder;
}
${end}")
