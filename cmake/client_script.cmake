# js/hybi.js becomes a part of the library: hybi::client_script() serves it.
set(script ${PROJECT_SOURCE_DIR}/js/hybi.js)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${script})
file(READ ${script} HYBI_CLIENT_SCRIPT)
file(SHA256 ${script} HYBI_CLIENT_SCRIPT_HASH)
configure_file(${PROJECT_SOURCE_DIR}/src/hybi/app/client_script.cc.in
               ${PROJECT_BINARY_DIR}/generated/client_script.cc @ONLY)
target_sources(hybi_app_objects PRIVATE ${PROJECT_BINARY_DIR}/generated/client_script.cc)
