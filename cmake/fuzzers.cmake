# Each *_fuzz.cc (beside its source, or in fuzz/) defines LLVMFuzzerTestOneInput.
#   fuzz preset: fuzz_<name> under libFuzzer; test fuzz.<name> runs 30 s from the seeds. Its random
#   numbers are the same every time: a clean clone repeats what another did, and a build directory
#   goes on from what its earlier runs found.
#   asan preset: replay_<name> runs the seeds once; test seeds.<name>.
# Seeds and old crashers: fuzz/seeds/<name>/. New inputs go to the build directory.
function(hybi_fuzzers)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/hybi/*_fuzz.cc)
  file(GLOB more CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/fuzz/*_fuzz.cc)
  set(replay ${PROJECT_SOURCE_DIR}/fuzz/replay_main.cc)
  foreach(source ${sources} ${more})
    if(source MATCHES "/cli/" AND NOT TARGET hybi_cli)
      continue()
    endif()
    get_filename_component(name ${source} NAME_WE)
    string(REGEX REPLACE "_fuzz$" "" name ${name})
    set(seeds ${PROJECT_SOURCE_DIR}/fuzz/seeds/${name})
    if(HYBI_FUZZ)
      set(target fuzz_${name})
      add_executable(${target} ${source})
      target_link_options(${target} PRIVATE -fsanitize=fuzzer)
      set(corpus ${PROJECT_BINARY_DIR}/corpus/${name})
      file(MAKE_DIRECTORY ${corpus})
      add_test(NAME fuzz.${name} WORKING_DIRECTORY ${corpus}
               COMMAND ${target} -seed=1 -max_total_time=30 -timeout=10 -rss_limit_mb=2048 -print_final_stats=1
                       -artifact_prefix=${PROJECT_BINARY_DIR}/crash-${name}- ${corpus} ${seeds})
      set_tests_properties(fuzz.${name} PROPERTIES TIMEOUT 120 LABELS fuzz)
    elseif(HYBI_PRESET STREQUAL "asan")
      set(target replay_${name})
      add_executable(${target} ${source} ${replay})
      add_test(NAME seeds.${name} COMMAND ${target} ${seeds})
      set_tests_properties(seeds.${name} PROPERTIES TIMEOUT 120 LABELS seeds)
    else()
      continue()
    endif()
    target_link_libraries(${target} PRIVATE hybi_app hybi_testing hybi_flags)
    if(source MATCHES "/cli/")
      target_link_libraries(${target} PRIVATE hybi_cli)
    endif()
    set_target_properties(${target} PROPERTIES CXX_EXTENSIONS OFF
                          RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/fuzz)
  endforeach()
endfunction()
