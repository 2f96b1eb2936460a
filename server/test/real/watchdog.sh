#!/bin/bash
# Ends a guest that is hostile for a test: watchdog.sh CGROUP SECONDS LOAD. CGROUP is its name below each hierarchy.
#
# It kills all processes of the guest after so many seconds, where the host's load exceeds LOAD, or where the test ends
# for any reason, and prints which it was. All of it is built into bash, because a host that does not answer starts no
# programs either.
shopt -s globstar nullglob
name=$1 seconds=$2 bound=$3 root=/sys/fs/cgroup

# Allows no more processes, stops those there are, kills them, and lets them run to their end.
finish() {
  local group file pids=()
  for group in "$root" "$root/pids" "$root/unified"; do
    [[ -e $group/$name/cgroup.kill ]] && echo 1 >"$group/$name/cgroup.kill"
    [[ -e $group/$name/pids.max ]] && echo 1 >"$group/$name/pids.max"
  done
  [[ -e $root/freezer/$name/freezer.state ]] && echo FROZEN >"$root/freezer/$name/freezer.state"
  for file in "$root/pids/$name"/**/cgroup.procs; do
    mapfile -t pids <"$file"
    ((${#pids[@]})) && kill -9 "${pids[@]}"
  done
  [[ -e $root/freezer/$name/freezer.state ]] && echo THAWED >"$root/freezer/$name/freezer.state"
} 2>/dev/null

while :; do
  read -r load _ </proc/loadavg
  load=${load%.*}
  ((load > bound)) && reason="the load is $load" && break
  ((SECONDS >= seconds)) && reason="$seconds seconds are over" && break
  read -r -t 1
  # More than 128: nothing within a second. 1: the end of what the test could write.
  (($? == 1)) && reason='the test has ended' && break
done
for _ in 1 2 3 4 5 6 7 8 9 10; do
  finish
  read -r -t 1 _ <>/dev/fd/9
done 9<> <(:)
echo "$reason"
