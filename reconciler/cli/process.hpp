#pragma once

/// What this process is to the machine around it, settled before anything else happens.
namespace cpsctl::cli {

/// Memory with secrets in it becomes no core file, neither by the kernel nor by a program that it pipes cores to, and
/// other processes of the user cannot read it (/proc/PID/mem, ptrace).
void keep_memory_private();

/// OpenSSL reads no configuration file: one can load modules and engines into the process, and lower what TLS demands.
/// Before the first call of anything else in OpenSSL.
void ignore_openssl_conf();

}  // namespace cpsctl::cli
