# Compiles through ccache where it is installed. Paths inside the tree are made relative, so that two
# clones share their results.
find_program(HYBI_CCACHE ccache)
mark_as_advanced(HYBI_CCACHE)
if(HYBI_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${HYBI_CCACHE})
endif()
