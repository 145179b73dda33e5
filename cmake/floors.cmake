# The floors of src/hybi, lowest first, and the one library made of them. The same table as in HACKING.md
# and tools/check_layers.py. A floor without sources yet is an empty interface.

# Flags for our own sources only; who uses the library does not see them.
add_library(hybi_flags INTERFACE)
target_compile_options(hybi_flags INTERFACE -Wall -Wextra -Wpedantic -Wshadow)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # GCC 12 sees impossible lengths in inlined std::vector and std::string code.
  target_compile_options(hybi_flags INTERFACE -Wno-stringop-overflow -Wno-restrict -Wno-array-bounds)
endif()
if(HYBI_WERROR)
  target_compile_options(hybi_flags INTERFACE -Werror)
endif()
if(HYBI_CHECKED)
  target_compile_definitions(hybi_flags INTERFACE HYBI_CHECKED)
endif()

# hybi_glob(<out> <directory>): the *.cc files that are neither tests (x_test.cc, and test_x.cc which tests
# share), fuzzers nor benchmarks.
function(hybi_glob out directory)
  file(GLOB sources CONFIGURE_DEPENDS ${directory}/*.cc)
  list(FILTER sources EXCLUDE REGEX "(_(test|fuzz|bench)|/test_[a-z_]+)\\.cc$")
  set(${out} ${sources} PARENT_SCOPE)
endfunction()

set(HYBI_FLOORS "")
set(HYBI_OBJECTS "")
set(HYBI_LINKS "")

# hybi_floor(<name> FLOORS <floors below> LIBRARIES <others> DIRECTORIES <of sources>)
function(hybi_floor name)
  cmake_parse_arguments(floor "" "" "FLOORS;LIBRARIES;DIRECTORIES" ${ARGN})
  set(sources "")
  foreach(directory ${floor_DIRECTORIES})
    hybi_glob(found ${PROJECT_SOURCE_DIR}/src/hybi/${directory})
    list(APPEND sources ${found})
  endforeach()
  list(TRANSFORM floor_FLOORS PREPEND hybi_)

  if(sources)
    add_library(hybi_${name}_objects OBJECT ${sources})
    target_include_directories(hybi_${name}_objects PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/src>)
    target_compile_features(hybi_${name}_objects PUBLIC cxx_std_20)
    set_target_properties(hybi_${name}_objects PROPERTIES POSITION_INDEPENDENT_CODE ON CXX_EXTENSIONS OFF)
    target_link_libraries(hybi_${name}_objects PRIVATE hybi_flags ${floor_LIBRARIES})

    add_library(hybi_${name} STATIC EXCLUDE_FROM_ALL $<TARGET_OBJECTS:hybi_${name}_objects>)
    set_target_properties(hybi_${name} PROPERTIES LINKER_LANGUAGE CXX)
    set(scope PUBLIC)
    set(HYBI_OBJECTS ${HYBI_OBJECTS} $<TARGET_OBJECTS:hybi_${name}_objects> PARENT_SCOPE)
  else()
    add_library(hybi_${name} INTERFACE)
    set(scope INTERFACE)
  endif()
  target_include_directories(hybi_${name} ${scope} ${PROJECT_SOURCE_DIR}/src)
  target_compile_features(hybi_${name} ${scope} cxx_std_20)
  target_link_libraries(hybi_${name} ${scope} ${floor_FLOORS} ${floor_LIBRARIES})

  set(HYBI_LINKS ${HYBI_LINKS} ${floor_LIBRARIES} PARENT_SCOPE)
  set(HYBI_FLOORS ${HYBI_FLOORS} ${name} PARENT_SCOPE)
endfunction()

hybi_floor(base    DIRECTORIES base .   LIBRARIES OpenSSL::Crypto simdjson::simdjson)
hybi_floor(http    DIRECTORIES http     FLOORS base  LIBRARIES ZLIB::ZLIB PkgConfig::hybi_brotli)
hybi_floor(ws      DIRECTORIES ws       FLOORS base http  LIBRARIES ZLIB::ZLIB PkgConfig::hybi_libdeflate)
hybi_floor(io      DIRECTORIES io       FLOORS base  LIBRARIES PkgConfig::hybi_liburing Threads::Threads)
hybi_floor(testing DIRECTORIES testing  FLOORS base http ws io)
hybi_floor(conn    DIRECTORIES conn     FLOORS base http ws io)
hybi_floor(engine  DIRECTORIES engine   FLOORS base io  LIBRARIES PkgConfig::hybi_hiredis Threads::Threads)
hybi_floor(app     DIRECTORIES app      FLOORS base http ws io conn engine  LIBRARIES nlohmann_json::nlohmann_json)

list(REMOVE_DUPLICATES HYBI_LINKS)
add_library(hybi STATIC ${HYBI_OBJECTS})
add_library(hybi::hybi ALIAS hybi)
target_include_directories(hybi PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/src> $<INSTALL_INTERFACE:include>)
target_compile_features(hybi PUBLIC cxx_std_20)
target_link_libraries(hybi PRIVATE ${HYBI_LINKS})
set_target_properties(hybi PROPERTIES LINKER_LANGUAGE CXX)
