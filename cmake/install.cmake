# cmake --install: headers, libhybi.a, the command, find_package(hybi) and pkg-config.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

# The front door, and the floors whose headers it or a sans-I/O user includes. conn/, app/ and cli/ stay inside.
install(DIRECTORY ${PROJECT_SOURCE_DIR}/src/hybi DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
        FILES_MATCHING PATTERN "*.h" PATTERN "*.def"
        PATTERN "test_*.h" EXCLUDE PATTERN conn EXCLUDE PATTERN app EXCLUDE PATTERN cli EXCLUDE PATTERN engine EXCLUDE)

set_target_properties(hybi PROPERTIES EXPORT_NAME hybi)
install(TARGETS hybi EXPORT hybi-targets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
if(TARGET hybi_command)
  install(TARGETS hybi_command RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()

set(package ${CMAKE_INSTALL_LIBDIR}/cmake/hybi)
install(EXPORT hybi-targets NAMESPACE hybi:: DESTINATION ${package})
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/hybi-config.cmake.in
                              ${PROJECT_BINARY_DIR}/generated/hybi-config.cmake
                              INSTALL_DESTINATION ${package})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/generated/hybi-config-version.cmake
                                 COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/generated/hybi-config.cmake
              ${PROJECT_BINARY_DIR}/generated/hybi-config-version.cmake
              ${PROJECT_SOURCE_DIR}/cmake/embed_assets.cmake
              ${PROJECT_SOURCE_DIR}/cmake/embed_assets_run.cmake
        DESTINATION ${package})

# The prefix as seen from the .pc file: the installed tree may be moved.
file(RELATIVE_PATH HYBI_PC_PREFIX /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig /prefix)
string(REGEX REPLACE "/$" "" HYBI_PC_PREFIX "${HYBI_PC_PREFIX}")
configure_file(${PROJECT_SOURCE_DIR}/packaging/hybi.pc.in ${PROJECT_BINARY_DIR}/generated/hybi.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/generated/hybi.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
