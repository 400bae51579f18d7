/* The maps of capture.bpf.c. */
#ifndef SALLYPORT_TTLS_BPF_CAPTURE_MAPS_H
#define SALLYPORT_TTLS_BPF_CAPTURE_MAPS_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "../capture_map.h"

/* Inner maps of `policy`; user space fills the unused one and swaps. */
struct filter_map {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct capture_filter);
} filter_a SEC(".maps"), filter_b SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
    __uint(max_entries, 1);
    __type(key, __u32);
    __array(values, struct filter_map);
} policy SEC(".maps") = { .values = { &filter_a } };

/* Remote addresses that outbound rules mean; the filter says which is used. */
struct prefix_map {
    __uint(type, BPF_MAP_TYPE_LPM_TRIE);
    __uint(max_entries, CAPTURE_PREFIXES_MAX);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __type(key, struct capture_prefix);
    __type(value, __u32);
} remote_a SEC(".maps"), remote_b SEC(".maps");

/* Users that no outbound rule is for. */
struct user_map {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, CAPTURE_USERS_MAX);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __type(key, __u32);
    __type(value, __u32);
} spared_a SEC(".maps"), spared_b SEC(".maps");

/* At the socket that connect() was called for: goes with it, and costs others
 * one look at a pointer. */
struct {
    __uint(type, BPF_MAP_TYPE_SK_STORAGE);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __type(key, int);
    __type(value, struct capture_record);
} captured SEC(".maps");

/* Plain hashes: an LRU would forget connections that live. */
struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, CAPTURE_CONNECTIONS);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __type(key, struct capture_addr);
    __type(value, struct capture_record);
} by_source SEC(".maps");

/* The engine's local address towards a program that listens -> the client. */
struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, CAPTURE_CONNECTIONS);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __type(key, struct capture_addr);
    __type(value, struct capture_addr);
} in_peer SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 65536);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __type(key, struct capture_addr);
    __type(value, struct capture_listener);
} listeners SEC(".maps");

/* What user space has found out about them; its own map, so that neither
 * side's updates are lost. */
struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 65536);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __type(key, struct capture_addr);
    __type(value, struct capture_found);
} found SEC(".maps");

/* How often somebody has begun to listen on each port. 64 bits each: that is
 * how far apart they lie in memory, whatever their size. */
struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 65536);
    __uint(map_flags, BPF_F_MMAPABLE);
    __type(key, __u32);
    __type(value, __u64);
} listens SEC(".maps");

/* Where primary connections lead: the engines count (primary.h). */
struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, CAPTURE_HINTS);
    __uint(map_flags, BPF_F_MMAPABLE);
    __type(key, __u32);
    __type(value, __u64);
} hints SEC(".maps");

/* The engines' listening sockets: [0] IPv4, [1] IPv6. They leave the map when
 * the last process that holds them ends. */
struct {
    __uint(type, BPF_MAP_TYPE_SOCKMAP);
    __uint(max_entries, 2);
    __type(key, __u32);
    __type(value, __u64);
} engines SEC(".maps");

/* Those of every image of this machine: one map for all, pinned. What one has
 * sent to its engines no other one touches. */
struct {
    __uint(type, BPF_MAP_TYPE_SOCKHASH);
    __uint(max_entries, CAPTURE_ENGINES_MAX);
    __type(key, struct capture_engine);
    __type(value, __u64);
} every_engine SEC(".maps");

/* Likewise, the cgroups of images: a job is its own image's. */
struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, CAPTURE_ENGINES_MAX);
    __type(key, __u64);
    __type(value, __u32);
} every_image SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, CAPTURE_COUNTS);
    __type(key, __u32);
    __type(value, __u64);
} counts SEC(".maps");

#endif
