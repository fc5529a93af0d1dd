/* SPDX-License-Identifier: Apache-2.0 */
/* The keeper: the process that is the realm. It holds the user namespace and the network
 * namespace open, tells those who connect how to join them, and counts the connections.
 */
#ifndef ENGINE_KEEPER_H
#define ENGINE_KEEPER_H

#define KEEPER_SOCKET     "keeper.sock"
#define KEEPER_ANSWER_MAX (48u << 10)
#define KEEPER_AGAIN      "again"

/* Main of the inner executable's "keeper": descriptor 3 is the listener (SOCK_SEQPACKET),
 * 4 a pipe on which "0" or "-errno sentence" is written when it serves or failed.
 * To each connection it sends two messages of the same text: realm ID, uid map, gid map,
 * why (each NUL-terminated). The first comes with its pidfd and its executable. The
 * second, its testament, is for nobody to receive: it waits in the connection and
 * outlives the keeper there.
 * "keeper again": descriptor 5 is a connection to a keeper that has died, 6 the network
 * namespace of its realm. The testament is peeked at, and the same realm kept. */
int keeper_main(int argc, char **argv);

#endif
