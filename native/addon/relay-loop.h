#ifndef LICHEN_ADDON_RELAY_LOOP_H
#define LICHEN_ADDON_RELAY_LOOP_H

#include <stdint.h>

#include <string>

struct RelayInput {
  int socket;
  int control;                // u32 rows, u32 columns: send a RESIZE; -1: none
  int standardIn;             // -1: not attached; so the next two
  int standardOut;
  int standardError;
  std::string detachKeys;     // empty: none
};

struct RelayResult {
  // Closed: nobody reads stdout or stderr any more. Lost: the monitor went without a word.
  enum End { Exited, Detached, Closed, Lost, Failed } end;
  int code;          // Exited: the exit code; Failed: errno
  std::string call;  // Failed
};

// Speaks the attach protocol (runtime/protocol.h) as its client, between a socket and the user's stdin, stdout and stderr, until it is over.
RelayResult Relay(const RelayInput &input);

#endif
