# What every target of ours is compiled with; linked PRIVATE, so that users are not bound by it.
add_library(keel_warnings INTERFACE)
target_compile_options(keel_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Wold-style-cast -Wno-psabi)
