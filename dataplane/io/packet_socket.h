// Finding a packet socket that a driver opened and does not tell about.
#pragma once

namespace lockstep::io {

/// The descriptor of this process's AF_PACKET socket (packet(7)) that is bound to the interface with index `interface`;
/// -1 when there is none, or more than one and it is not clear which.
int packet_socket_of(unsigned interface);

}  // namespace lockstep::io
