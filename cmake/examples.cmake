# Each file of examples/ is a program: examples/echo.cc -> <build>/examples/example_echo. So is each folder:
# examples/todo/todo.cc -> example_todo, with its folder pages/ compiled in, as todo_pages.
function(hybi_example name source)
  add_executable(example_${name} ${source})
  target_link_libraries(example_${name} PRIVATE hybi::hybi hybi_flags Threads::Threads)
  set_target_properties(example_${name} PROPERTIES CXX_EXTENSIONS OFF
                        RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/examples)
endfunction()

file(GLOB files CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR}/examples ${PROJECT_SOURCE_DIR}/examples/*.cc)
foreach(file ${files})
  get_filename_component(name ${file} NAME_WE)
  hybi_example(${name} ${PROJECT_SOURCE_DIR}/examples/${file})
endforeach()

foreach(name feed members todo upload)
  set(folder ${PROJECT_SOURCE_DIR}/examples/${name})
  hybi_example(${name} ${folder}/${name}.cc)
  hybi_embed_assets(${name}_pages ${folder}/pages)
  target_link_libraries(example_${name} PRIVATE ${name}_pages)
  target_include_directories(example_${name} PRIVATE ${PROJECT_SOURCE_DIR}/examples)
endforeach()

# Hashes passwords, and reads its templates where they stand.
target_link_libraries(example_members PRIVATE OpenSSL::Crypto)
target_compile_definitions(example_members PRIVATE MEMBERS_VIEWS="${PROJECT_SOURCE_DIR}/examples/members/views")
