# shellcheck shell=bash disable=SC2034,SC2154
# Shared by every part of scripts/sandbox: messages, the lock, processes, ports.
# Sourced, never run by itself.

say() { printf 'sandbox: %s\n' "$*" >&2; }
die() { printf 'sandbox: %s\n' "$*" >&2; exit 1; }

random_word() { od -An -tx1 -N "${1:-16}" /dev/urandom | tr -d ' \n'; }

# Writes stdin to a file so that a reader (or a kill) never sees half of it.
write_file() { # FILE [MODE]
  local tmp="$1.new.$BASHPID"
  (umask 077 && cat >"$tmp")
  chmod "${2:-600}" "$tmp"
  mv -f "$tmp" "$1"
}

# One change of the sandbox at a time. `down --purge` deletes the lock file, so
# whoever waited on it must look again whether it still is the one in the folder.
take_lock() {
  [[ -n ${LOCKED:-} ]] && return
  while :; do
    mkdir -p "$BOX" || die "cannot create $BOX: check who owns the checkout"
    exec 9>"$BOX/lock"
    if ! flock -n 9; then
      say "waiting for another '$0' in this checkout to finish"
      flock -w 900 9 || die "another '$0' has held $BOX/lock for 15 minutes: end it and try again"
    fi
    [[ "$(stat -Lc %i /proc/self/fd/9 2>/dev/null)" == "$(stat -c %i "$BOX/lock" 2>/dev/null)" ]] && break
  done
  LOCKED=1
}

# ---- processes -------------------------------------------------------------
# Each server carries WIKICREW_SANDBOX_SERVER=<box>:<role> in its environment.
# That, not a number in a file, says whether a process is ours: numbers are
# reused, and a kill may come between starting a server and noting its number.

server_pids() { # ROLE: pids of this checkout's server of that role
  local f
  f=$(grep -alzxF -- "WIKICREW_SANDBOX_SERVER=$BOX:$1" /proc/[0-9]*/environ 2>/dev/null || true)
  sed -n 's,^/proc/\([0-9]*\)/environ$,\1,p' <<<"$f"
}

# The web server's own processes, without what they may have started meanwhile.
count_web() { # WIKI
  local pid n=0
  for pid in $(server_pids "$1"); do
    [[ "$(readlink "/proc/$pid/exe" 2>/dev/null)" == */php* ]] && n=$((n + 1))
  done
  echo "$n"
}

# Starts a server wholly detached: own session, no lock or pipe inherited, so
# that `scripts/sandbox up | cat` returns and the lock is free again. Nothing of
# the caller's environment goes with it: it may hold secrets, or settings that
# would make this server another one than the next.
start_detached() { # ROLE LOGFILE [NAME=VALUE...] COMMAND...
  local role=$1 log=$2
  shift 2
  (
    cd "$BOX" || exit 1
    for fd in /proc/self/fd/*; do
      fd=${fd##*/}
      ((fd > 2)) && eval "exec $fd>&-" 2>/dev/null
    done
    exec env -i PATH="$PATH" HOME="$BOX" LC_ALL=C.UTF-8 WIKICREW_SANDBOX_SERVER="$BOX:$role" \
      setsid -f bash -c 'echo $$ >"$0"; exec env "$@"' "$BOX/run/$role.pid" "$@" </dev/null >>"$log" 2>&1
  )
}

stop_server() { # ROLE [SECONDS before SIGKILL]
  local role=$1 patience=${2:-20} pids i
  pids=$(server_pids "$role")
  if [[ -n $pids ]]; then
    # shellcheck disable=SC2086  # a list of numbers
    kill $pids 2>/dev/null || true
    for ((i = 0; i < patience * 20; i++)); do
      pids=$(server_pids "$role")
      [[ -z $pids ]] && break
      sleep 0.05
    done
    # shellcheck disable=SC2086
    [[ -z $pids ]] || kill -9 $pids 2>/dev/null || true
    for ((i = 0; i < 100; i++)); do
      [[ -z $(server_pids "$role") ]] && break
      sleep 0.05
    done
  fi
  rm -f "$BOX/run/$role.pid"
}

# ---- ports -----------------------------------------------------------------
# A checkout's ports follow from its path, so they stay the same from day to
# day; if a stranger sits on one, the next free one is taken and remembered.

listening_inode() { # PORT: inode of the socket that listens there, if any
  local hex
  hex=$(printf '%04X' "$1")
  awk -v p=":$hex" '$4 == "0A" && substr($2, length($2) - 4) == p { print $10; exit }' \
    /proc/net/tcp /proc/net/tcp6 2>/dev/null
}

port_holder() { # PORT: "name (process N)" of the program that listens there
  local inode link pid
  inode=$(listening_inode "$1")
  link=$(find /proc/[0-9]*/fd -lname "socket:\[$inode\]" -print -quit 2>/dev/null || true)
  if [[ -z $link ]]; then
    echo "a process of another user"
    return
  fi
  pid=${link#/proc/}
  pid=${pid%%/*}
  echo "$(cat "/proc/$pid/comm" 2>/dev/null) (process $pid)"
}

port_is_ours() { # PORT ROLE: one of our servers of that role listens there
  local inode pid
  inode=$(listening_inode "$1")
  for pid in $(server_pids "$2"); do
    [[ -n $(find "/proc/$pid/fd" -lname "socket:\[$inode\]" -print -quit 2>/dev/null) ]] && return 0
  done
  return 1
}

choose_ports() { # sets PORT_db, PORT_en, PORT_de and remembers them
  local base offset role port was changed=
  if [[ -f $BOX/ports ]]; then
    # shellcheck source=/dev/null
    . "$BOX/ports"
  fi
  # Below the range from which the kernel hands out ports to clients.
  base=$((20000 + ($(cksum <<<"$BOX" | cut -d' ' -f1) % 1190) * 10))
  offset=0
  for role in "${ROLES[@]}"; do
    was=PORT_$role
    port=${!was:-$((base + offset))}
    offset=$((offset + 1))
    while [[ -n $(listening_inode "$port") ]] && ! port_is_ours "$port" "$role"; do
      say "port $port (wanted for $role) is held by $(port_holder "$port"): trying the next"
      port=$((port + 3))
      ((port < 32700)) || port=20000
    done
    [[ ${!was:-} == "$port" ]] || changed=1
    printf -v "PORT_$role" %s "$port"
  done
  if [[ -n $changed ]]; then
    for role in "${ROLES[@]}"; do
      was=PORT_$role
      echo "$was=${!was}"
    done | write_file "$BOX/ports"
  fi
}
