# Checks that look at the sources, the build and the documents instead of running one module.
set(checks ${CMAKE_CURRENT_SOURCE_DIR}/architecture)
function(cps_check name)
  add_test(NAME ${name} COMMAND ${ARGN} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
endfunction()

cps_check(architecture.layering ${CMAKE_COMMAND} -DROOT=${CMAKE_SOURCE_DIR}/reconciler -P ${checks}/layering.cmake)
cps_check(architecture.awaits ${CMAKE_COMMAND} -DROOT=${CMAKE_SOURCE_DIR}/reconciler -P ${checks}/awaits.cmake)
cps_check(architecture.door ${CMAKE_COMMAND} -DROOT=${CMAKE_SOURCE_DIR}/reconciler -P ${checks}/door.cmake)
cps_check(architecture.planted ${CMAKE_COMMAND} -DHERE=${checks} -DWORK=${CMAKE_CURRENT_BINARY_DIR}/architecture
          -P ${checks}/planted.cmake)
if(CMAKE_GENERATOR STREQUAL "Ninja")
  cps_check(architecture.purity ${CMAKE_COMMAND} -DBUILD=${CMAKE_BINARY_DIR} -DNINJA=${CMAKE_MAKE_PROGRAM}
            -P ${checks}/purity.cmake)
endif()
cps_check(architecture.shell bash ${checks}/shell.sh)
cps_check(architecture.embedded bash ${checks}/embedded.sh $<TARGET_FILE:cpsctl>)
cps_check(deploy.commands bash ${CMAKE_CURRENT_SOURCE_DIR}/deploy/commands.sh $<TARGET_FILE:cpsctl>)
if(CPS_SANITIZE)
  cps_check(deploy.hardening bash ${CMAKE_CURRENT_SOURCE_DIR}/deploy/hardening.sh $<TARGET_FILE:cpsctl>)
else()
  cps_check(deploy.hardening bash ${CMAKE_CURRENT_SOURCE_DIR}/deploy/hardening.sh $<TARGET_FILE:cpsctl> $<TARGET_FILE:cps_cli>)
endif()
set_tests_properties(deploy.hardening PROPERTIES SKIP_RETURN_CODE 77)
