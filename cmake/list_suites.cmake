# Run by suites.cmake after linking PROGRAM: writes OUTPUT, one add_test per suite.
# Typed and parametrised suites (Both/Suite/0) count as one suite of the plain name.
execute_process(COMMAND ${PROGRAM} --gtest_list_tests OUTPUT_VARIABLE listing
                RESULT_VARIABLE failed TIMEOUT 60)
if(failed)
  message(FATAL_ERROR "${PROGRAM} --gtest_list_tests failed: ${failed}")
endif()

string(REGEX MATCHALL "(^|\n)[A-Za-z0-9_/]+\\." suites "${listing}")
set(names "")
foreach(suite ${suites})
  string(REGEX REPLACE "[\n.]" "" suite "${suite}")
  string(REGEX REPLACE "/[0-9]+$" "" name "${suite}")
  string(REGEX REPLACE "^.*/" "" name "${name}")
  list(APPEND names ${name})
  list(APPEND filter_${name} "${suite}.*")
endforeach()
list(REMOVE_DUPLICATES names)
if(NOT names)
  message(FATAL_ERROR "${PROGRAM} has no tests")
endif()

set(content "")
foreach(name ${names})
  list(JOIN filter_${name} ":" filter)
  string(APPEND content
    "add_test(\"${PREFIX}${name}\" \"${PROGRAM}\" \"--gtest_filter=${filter}\" --gtest_brief=1)\n"
    "set_tests_properties(\"${PREFIX}${name}\" PROPERTIES TIMEOUT 120 LABELS unit ENVIRONMENT "
    "\"ASAN_OPTIONS=detect_stack_use_after_return=1:strict_string_checks=1;"
    "UBSAN_OPTIONS=print_stacktrace=1;TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1\")\n")
endforeach()
file(WRITE ${OUTPUT} "${content}")
