# keel_add_library(engine HEADERS ... SOURCES ... LINK ... [PCH ...]) makes keel_engine, alias keel::engine.
function(keel_add_library name)
  cmake_parse_arguments(ARG "" "" "HEADERS;SOURCES;LINK;LINK_PRIVATE;PCH" ${ARGN})
  add_library(keel_${name} STATIC ${ARG_SOURCES})
  add_library(keel::${name} ALIAS keel_${name})
  target_sources(keel_${name} PUBLIC FILE_SET HEADERS BASE_DIRS ${PROJECT_SOURCE_DIR} FILES ${ARG_HEADERS})
  target_link_libraries(keel_${name} PUBLIC ${ARG_LINK} PRIVATE ${ARG_LINK_PRIVATE} $<BUILD_INTERFACE:keel_warnings>)
  target_compile_features(keel_${name} PUBLIC cxx_std_23)
  set_target_properties(keel_${name} PROPERTIES EXPORT_NAME ${name})
  if(NOT name STREQUAL app)  # the program's own wiring; nobody links it
    set_property(GLOBAL APPEND PROPERTY KEEL_LIBRARIES keel_${name})
  endif()
  if(ARG_PCH)
    target_precompile_headers(keel_${name} PRIVATE ${ARG_PCH})
  endif()
endfunction()

# keel_library_sources(risk HEADERS ... SOURCES ...): adds the files of one folder to its room's library, from the
# CMakeLists.txt of that folder.
function(keel_library_sources name)
  cmake_parse_arguments(ARG "" "" "HEADERS;SOURCES" ${ARGN})
  list(TRANSFORM ARG_HEADERS PREPEND "${CMAKE_CURRENT_SOURCE_DIR}/")
  list(TRANSFORM ARG_SOURCES PREPEND "${CMAKE_CURRENT_SOURCE_DIR}/")
  target_sources(keel_${name} PUBLIC FILE_SET HEADERS FILES ${ARG_HEADERS})
  target_sources(keel_${name} PRIVATE ${ARG_SOURCES})
endfunction()

# keel_add_test(engine_unit LABELS unit SOURCES ... LINK ... [TIMEOUT seconds]): one program of GoogleTest cases; each
# case is one CTest test that carries the labels. SERIAL: alone on the machine, because it measures seconds.
# Four sources are compiled as one: most of a test's compile time is its headers. What they keep in anonymous namespaces
# must therefore differ in name.
function(keel_add_test name)
  cmake_parse_arguments(ARG "SERIAL" "TIMEOUT" "SOURCES;LINK;LABELS;ENVIRONMENT" ${ARGN})
  if(NOT ARG_SERIAL)
    set(ARG_SERIAL FALSE)
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 120)
  endif()
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_LINK} $<TARGET_FILE:keel_test_headers> GTest::gtest GTest::gtest_main keel_warnings)
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR})
  target_compile_definitions(${name} PRIVATE KEEL_SOURCE_DIR="${PROJECT_SOURCE_DIR}" KEEL_BINARY="$<TARGET_FILE_DIR:${name}>/keel")
  target_compile_options(${name} PRIVATE ${keel_test_options})
  set(headers keel_test_headers)
  foreach(source IN LISTS ARG_SOURCES)
    file(STRINGS ${source} reads_json REGEX "nlohmann|_json.hpp|vector_book.hpp" LIMIT_COUNT 1)
    if(reads_json)
      set(headers keel_test_json_headers)
    endif()
  endforeach()
  target_link_libraries(${name} PRIVATE $<TARGET_FILE:${headers}>)
  target_precompile_headers(${name} REUSE_FROM ${headers})
  set_target_properties(${name} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 4)
  # keel_tests_<label> builds the programs of one label: a sanitizer run need not wait for the others.
  foreach(label IN LISTS ARG_LABELS)
    if(NOT TARGET keel_tests_${label})
      add_custom_target(keel_tests_${label})
    endif()
    add_dependencies(keel_tests_${label} ${name})
  endforeach()
  gtest_discover_tests(${name} TEST_PREFIX "${name}/" DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 60
    WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}
    PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT ${ARG_TIMEOUT} RUN_SERIAL ${ARG_SERIAL} ENVIRONMENT "${ARG_ENVIRONMENT}")
endfunction()

# Options that every translation unit shares. No fast-math and no contraction: the same bits at -O0 and
# -O3 are a law of the core, and NaN tests must survive.
set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
# The compiler collects its garbage once per half gigabyte, not from 128 MB on: a twentieth of the time of a large source.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  add_compile_options(--param=ggc-min-heapsize=524288)
endif()
# Position-independent programs; one setting for all, so that precompiled headers are shared.
add_compile_options(-fPIE)
add_link_options(-pie)
add_compile_options(-march=${KEEL_MARCH} -ffp-contract=off -fno-fast-math)
# Assertions name files from the root of the repository: an installed program names no folder of who built it.
add_compile_options(-fmacro-prefix-map=${PROJECT_SOURCE_DIR}/=)
if(KEEL_SANITIZE)
  add_compile_options(-fsanitize=${KEEL_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${KEEL_SANITIZE})
  if(KEEL_SANITIZE MATCHES thread)
    add_compile_options(-Wno-tsan)  # fences inside moodycamel's queue, which has a stress test of its own
  endif()
endif()

find_program(KEEL_CCACHE ccache)
if(KEEL_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${PROJECT_SOURCE_DIR}/cmake/ccache-launcher.sh ${PROJECT_SOURCE_DIR} ${KEEL_CCACHE})
  add_compile_options(-fpch-preprocess)
endif()
