# Tests that are programs of their own, run on the release build: examples, peers, browsers, the
# differential test and the consumers. Included by tests/CMakeLists.txt.
set(tests ${PROJECT_SOURCE_DIR}/tests)

# http_probe: this parser as a program, for the differential test against Node's.
if(EXISTS ${tests}/differential/http_probe.cc)
  add_executable(http_probe ${tests}/differential/http_probe.cc)
  target_link_libraries(http_probe PRIVATE hybi_http hybi_flags)
  set_target_properties(http_probe PROPERTIES CXX_EXTENSIONS OFF
                        RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
  add_test(NAME differential.http COMMAND node ${tests}/differential/run.mjs $<TARGET_FILE:http_probe>)
  set_tests_properties(differential.http PROPERTIES TIMEOUT 300)
endif()

# hybi_scripts(<family> [<directory>]): *_test.{mjs,py,sh} in tests/<family> or the directory, each one test
# <family>.<name>. A script with "browser" in its name runs alone: browsers take both cores and much memory.
function(hybi_scripts family)
  set(directory ${tests}/${family})
  if(ARGC GREATER 1)
    set(directory ${ARGV1})
  endif()
  file(GLOB scripts CONFIGURE_DEPENDS ${directory}/*_test.mjs ${directory}/*_test.py ${directory}/*_test.sh)
  foreach(script ${scripts})
    get_filename_component(extension ${script} LAST_EXT)
    get_filename_component(name ${script} NAME_WLE)
    string(REGEX REPLACE "_test$" "" name ${name})
    set(runner bash)
    if(extension STREQUAL ".mjs")
      set(runner node --test)
    elseif(extension STREQUAL ".py")
      set(runner /usr/bin/python3)  # Debian's, which sees Debian's modules
    endif()
    set(test ${family}.${name})
    add_test(NAME ${test} COMMAND ${runner} ${script} WORKING_DIRECTORY ${tests})
    set_tests_properties(${test} PROPERTIES TIMEOUT 180 LABELS ${family} ENVIRONMENT
      "HYBI=${PROJECT_BINARY_DIR}/hybi;HYBI_EXAMPLES=${PROJECT_BINARY_DIR}/examples;HYBI_ARTEFACTS=${PROJECT_BINARY_DIR}/artefacts")
    if(name MATCHES "browser")
      set_tests_properties(${test} PROPERTIES RUN_SERIAL ON TIMEOUT 300)
    endif()
  endforeach()
endfunction()
hybi_scripts(peers)
hybi_scripts(examples)
hybi_scripts(tools)
hybi_scripts(conformance)
hybi_scripts(js ${PROJECT_SOURCE_DIR}/js/test)
# Thousands of connections, and messages of 16 MiB.
set_tests_properties(conformance.demo conformance.honesty PROPERTIES TIMEOUT 600)

# A project that uses Hybi, in the three ways there are.
foreach(way find_package pkg_config add_subdirectory)
  add_test(NAME consumer.${way}
           COMMAND bash ${tests}/consumer/run.sh ${way} ${PROJECT_BINARY_DIR})
  set_tests_properties(consumer.${way} PROPERTIES TIMEOUT 900 LABELS consumer)
endforeach()
add_test(NAME consumer.readme COMMAND bash ${tests}/consumer/readme.sh ${PROJECT_BINARY_DIR})
set_tests_properties(consumer.readme PROPERTIES TIMEOUT 120 LABELS consumer)
