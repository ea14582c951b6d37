# Reads the table of modules in README.md: `modules`, and for each `may_include_MODULE`, a list of modules and of single
# headers of modules.
file(STRINGS ${CMAKE_CURRENT_LIST_DIR}/README.md rows ENCODING UTF-8 REGEX "^\\| `[a-z]+` \\|")
set(modules "")
foreach(row IN LISTS rows)
  if(NOT row MATCHES "^\\| `([a-z]+)` \\|[^|]+\\|([^|]+)\\|$")
    message(FATAL_ERROR "reconciler/README.md: a row of the modules' table has three columns: ${row}")
  endif()
  set(module ${CMAKE_MATCH_1})
  list(APPEND modules ${module})
  string(REPLACE " " ";" may_include_${module} "${CMAKE_MATCH_2}")
  list(FILTER may_include_${module} INCLUDE REGEX "^[a-z_./]+$")
endforeach()
