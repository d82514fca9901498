# Component runtime: the program, its examples and the service unit. Component dev: archives, headers and
# what find_package(keel) needs.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

install(TARGETS keel RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT runtime)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/examples/ DESTINATION ${CMAKE_INSTALL_DATADIR}/keel/examples COMPONENT runtime)
install(FILES ${PROJECT_SOURCE_DIR}/deploy/keel.service DESTINATION lib/systemd/system COMPONENT runtime)
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE ${PROJECT_SOURCE_DIR}/README.md
  DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/keel COMPONENT runtime)

get_property(keel_libraries GLOBAL PROPERTY KEEL_LIBRARIES)
install(TARGETS ${keel_libraries} EXPORT keel-targets
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT dev
  FILE_SET HEADERS DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/keel COMPONENT dev)
set(keel_config_dir ${CMAKE_INSTALL_LIBDIR}/cmake/keel)
install(EXPORT keel-targets NAMESPACE keel:: DESTINATION ${keel_config_dir} COMPONENT dev)
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/keel-config.cmake.in ${PROJECT_BINARY_DIR}/keel-config.cmake
  INSTALL_DESTINATION ${keel_config_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/keel-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/keel-config.cmake ${PROJECT_BINARY_DIR}/keel-config-version.cmake
  DESTINATION ${keel_config_dir} COMPONENT dev)
