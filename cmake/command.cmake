# The command `hybi`: src/hybi/cli, with the demo's pages compiled in. Its files but main.cc are a library,
# so that they can be tested.
hybi_glob(sources ${PROJECT_SOURCE_DIR}/src/hybi/cli)
set(main ${PROJECT_SOURCE_DIR}/src/hybi/cli/main.cc)
list(REMOVE_ITEM sources ${main})

if(EXISTS ${main} AND sources)
  find_package(fmt REQUIRED)
  find_package(spdlog REQUIRED)
  find_package(CLI11 REQUIRED)
  find_package(tomlplusplus REQUIRED)

  hybi_embed_assets(hybi_pages ${PROJECT_SOURCE_DIR}/src/hybi/cli/pages NAMESPACE hybi::cli)

  add_library(hybi_cli STATIC ${sources})
  set_target_properties(hybi_cli PROPERTIES LINKER_LANGUAGE CXX CXX_EXTENSIONS OFF)
  target_link_libraries(hybi_cli PUBLIC hybi hybi_pages fmt::fmt spdlog::spdlog CLI11::CLI11
                                        nlohmann_json::nlohmann_json
                                 PRIVATE hybi_flags)
  target_compile_definitions(hybi_cli PRIVATE HYBI_VERSION="${PROJECT_VERSION}")

  add_executable(hybi_command ${main})
  target_compile_definitions(hybi_command PRIVATE HYBI_VERSION="${PROJECT_VERSION}")
  set_target_properties(hybi_command PROPERTIES OUTPUT_NAME hybi CXX_EXTENSIONS OFF)
  target_link_libraries(hybi_command PRIVATE hybi_cli hybi_flags)
endif()
