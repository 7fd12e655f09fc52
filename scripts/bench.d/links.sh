# shellcheck shell=bash
# scripts/bench ingest and reports: a MariaDB of their own in target/bench/links, set up like a production server as far
# as it matters here. Sourced by scripts/bench, which sets ROOT and has the helpers of scripts/lib.sh.

LINKS=$ROOT/target/bench/links
# What the tool's user has on ToolsDB; here there is no other one.
LINKS_DB=s12345__links
LINKS_PID=

links_sql() { mariadb --no-defaults -S "$LINKS/db.sock" -uroot "$@"; }

links_stop() {
  [[ -n $LINKS_PID ]] || return 0
  kill "$LINKS_PID" 2>/dev/null || true
  wait "$LINKS_PID" 2>/dev/null || true
  LINKS_PID=
}

# Flushed once a second, with a binary log of rows, as on ToolsDB; nothing is read ahead at the start.
links_start() {
  local i
  mariadbd --no-defaults --datadir="$LINKS/data" --socket="$LINKS/db.sock" --pid-file="$LINKS/db.pid" \
    --log-error="$LINKS/db.log" --user="$(id -un)" --skip-networking --skip-name-resolve --performance-schema=0 \
    --character-set-server=utf8mb4 --collation-server=utf8mb4_unicode_ci --innodb-buffer-pool-size=4G \
    --innodb-log-file-size=1G --innodb-flush-log-at-trx-commit=2 --log-bin="$LINKS/binlog/bin" \
    --binlog-format=ROW --sync-binlog=0 --server-id=1 \
    --innodb-buffer-pool-load-at-startup=0 --innodb-buffer-pool-dump-at-shutdown=0 >>"$LINKS/db.out" 2>&1 &
  LINKS_PID=$!
  trap links_stop EXIT
  for ((i = 0; i < 1200; i++)); do
    links_sql -e 'SELECT 1' >/dev/null 2>&1 && return
    kill -0 "$LINKS_PID" 2>/dev/null || break
    sleep 0.05
  done
  die "MariaDB does not start: see $LINKS/db.log"
}

links_new() {
  rm -rf "$LINKS"
  # Without a password, but nobody else comes to the socket.
  mkdir -p "$LINKS/binlog"
  chmod 700 "$LINKS"
  mariadb-install-db --no-defaults --datadir="$LINKS/data" --user="$(id -un)" --skip-test-db \
    --auth-root-authentication-method=normal >"$LINKS/install.log" 2>&1 ||
    die "mariadb-install-db failed: see $LINKS/install.log"
  links_start
}

# The measuring program; it connects by the server's socket.
links_run() { # TASK ARGUMENT...
  "$ROOT/target/bench/cargo/release/wikicrew-bench-links" \
    "mysql://root@localhost:3306/$LINKS_DB?socket=$LINKS/db.sock" "$@"
}

links_ingest() { # N
  local n=$1 i more=$(($1 / 5)) part=$(($1 / 10)) begin end before after speed ok=0 pids=()
  links_new
  say "storing $n additions"
  links_run fill "$n" || ok=1
  before=$(links_sums)
  links_run again "$n" "$part" || ok=1
  after=$(links_sums)
  [[ $before == "$after" ]] || { say "the same again changed a table" && ok=1; }
  links_run sizes "$n" || ok=1
  say "storing $more more with four processes at once"
  begin=$(date +%s%N)
  for i in 0 1 2 3; do
    links_run shard "$more" "$i" 4 &
    pids+=($!)
  done
  for i in "${pids[@]}"; do wait "$i" || die "a process failed"; done
  end=$(date +%s%N)
  speed=$((more * 1000000000 / (end - begin)))
  printf '%s four processes at once: %s/s   target 20,000/s\n' "$( ((speed >= 20000)) && echo 'ok    ' || echo MISSED)" "$speed"
  ((speed >= 20000)) || ok=1
  # Some gigabytes that nobody replays.
  links_sql -e 'RESET MASTER'
  printf '%s\n' "$n" >"$LINKS/complete"
  return "$ok"
}

# What would change if something were counted twice.
links_sums() {
  links_sql "$LINKS_DB" -N -e 'CHECKSUM TABLE page, pair, host_month, editor_wiki, touched_host, link_restored;
    SELECT COUNT(*), SUM(rev_id), SUM(times) FROM link_addition'
}

links_reports() { # N
  local ok=0
  if [[ $(cat "$LINKS/complete" 2>/dev/null) != "$1" ]]; then
    links_ingest "$1" || say "the figures above are not those asked for"
    links_stop
  fi
  links_start
  links_run cold || ok=1
  links_run reports || ok=1
  links_pages || ok=1
  return "$ok"
}

# Whole pages, by the job itself; the wiki is the sandbox's, where it finds its settings. Nothing is written there but
# these.
links_pages() {
  cargo build --quiet --release --locked -p linkreport-gen
  scripts/sandbox up >/dev/null
  eval "$(scripts/sandbox env)"
  export WIKICREW_API_URL=$SANDBOX_EN_API WIKICREW_ACCOUNT=WikicrewBot WIKICREW_BOT_LOGIN=$SANDBOX_EN_BOT
  export WIKICREW_BOT_PASSWORD=$SANDBOX_EN_BOT_PASSWORD WIKICREW_CONTACT=bench@sandbox.invalid
  export WIKICREW_LINKREPORT_GEN_SETTINGS=User:WikicrewBot/linkreport-gen/Bench
  export WIKICREW_DATABASE_URL="mysql://root@localhost:3306/$LINKS_DB?socket=$LINKS/db.sock"
  printf '%s\n' '{"user":"Admin","title":"'"$WIKICREW_LINKREPORT_GEN_SETTINGS"'","text":"<pre>\nenabled: true\npublish: pages\n</pre>","protect":"sysop"}' |
    scripts/sandbox load en - >/dev/null
  python3 "$ROOT/scripts/bench.d/pages.py" "$ROOT/target/release/linkreport-gen" 100
}

links() { # ingest|reports N
  need_compilers
  # Not mariadb-server: that one starts a service.
  command -v mariadbd >/dev/null || install_packages mariadb-server-core mariadb-client
  CARGO_TARGET_DIR="$ROOT/target/bench/cargo" \
    cargo build --quiet --release --locked --manifest-path "$ROOT/scripts/bench.d/links/Cargo.toml"
  local ok=0
  "links_$1" "$2" || ok=1
  links_stop
  if (($2 < 1000000)); then
    say "the targets are for 10,000,000 additions; with so few, files and caches are mostly empty and nothing is judged"
    ok=0
  fi
  return "$ok"
}
