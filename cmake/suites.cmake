# hybi_test(<target> <prefix> SOURCES ... LIBRARIES ...): a GoogleTest program. After linking it is asked for
# its suites and each becomes one ctest test, so that none can be forgotten.
function(hybi_test target prefix)
  cmake_parse_arguments(test "" "" "SOURCES;LIBRARIES" ${ARGN})
  add_executable(${target} ${test_SOURCES})
  target_link_libraries(${target} PRIVATE ${test_LIBRARIES} hybi_flags GTest::gtest GTest::gtest_main)
  target_compile_definitions(${target} PRIVATE HYBI_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  target_compile_options(${target} PRIVATE $<$<CONFIG:Release>:-O1>)  # the test's own code; compiles faster
  set_target_properties(${target} PROPERTIES CXX_EXTENSIONS OFF
                        RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
  set(list ${CMAKE_CURRENT_BINARY_DIR}/${target}.suites.cmake)
  add_custom_command(
    TARGET ${target} POST_BUILD
    COMMAND ${CMAKE_COMMAND} -DPROGRAM=$<TARGET_FILE:${target}> -DPREFIX=${prefix} -DOUTPUT=${list}
            -P ${PROJECT_SOURCE_DIR}/cmake/list_suites.cmake
    BYPRODUCTS ${list}
    VERBATIM)
  # Until it is built, one test that fails stands for the program.
  set(include ${CMAKE_CURRENT_BINARY_DIR}/${target}.include.cmake)
  file(CONFIGURE OUTPUT ${include} @ONLY CONTENT [[
if(EXISTS "@list@")
  include("@list@")
else()
  add_test("@prefix@@target@_NOT_BUILT" "@target@_NOT_BUILT")
endif()
]])
  set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES ${include})
endfunction()
