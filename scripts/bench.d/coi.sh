# shellcheck shell=bash
# scripts/bench coi: coi-report itself, as it is built for its users, on recorded edits and on the sandbox's wiki. Sourced by
# scripts/bench after scripts/bench.d/links.sh, whose MariaDB it uses in a folder of its own.

COI=$ROOT/target/bench/coi
# Runs a command and prints its seconds and the most memory it had, in kB.
COI_MEASURE='
import resource, subprocess, sys, time
began = time.monotonic()
done = subprocess.run(sys.argv[2:], stdout=subprocess.DEVNULL, stderr=open(sys.argv[1], "wb"))
taken = time.monotonic() - began
print(f"{taken:.2f} {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss}")
sys.exit(done.returncode)
'

coi_events() { # N: a file of so many recorded edits, made anew for each run, since they have to be young
  say "making $1 edits ($(($1 * 186 / 10000)) MB)" >&2
  "$ROOT/target/bench/cargo/release/wikicrew-bench-coi" events "$1" "$COI/events"
}

# An empty database with lists as a big wiki has them: 1,000 patterns of links, 200 of names, 500 entries of other lists.
coi_database() {
  links_sql -e "DROP DATABASE IF EXISTS ${LINKS_DB}; CREATE DATABASE ${LINKS_DB} DEFAULT CHARACTER SET utf8mb4"
  : >"$COI/none"
  coi_ingest "$COI/none" >/dev/null
  {
    echo "INSERT INTO list_entry (job, wiki, list, user_name, page, added_by, added_at, reason) VALUES"
    for ((i = 0; i < 1000; i++)); do
      printf "('coi-report', '*', 'ml', '', '%s', 'Bench', NOW(), 'r'),\n" "cheap-?pills${i}[.]example"
    done
    for ((i = 0; i < 200; i++)); do
      echo "('coi-report', '*', 'ml', '^seo .*agency$i\$', '', 'Bench', NOW(), 'r'),"
    done
    for ((i = 0; i < 250; i++)); do
      echo "('coi-report', '*', 'bl', 'Walker of Town $i', 'brand$i', 'Bench', NOW(), 'r'),"
      echo "('coi-report', '*', 'wl', '', 'host$i.example', 'Bench', NOW(), 'r'),"
    done
    echo "('coi-report', '*', 'wl', 'Nobody', '', 'Bench', NOW(), 'r');"
  } | links_sql "$LINKS_DB"
}

coi_ingest() { # FILE: prints seconds and kB
  WIKICREW_DATABASE_URL="mysql://root@localhost:3306/$LINKS_DB?socket=$LINKS/db.sock" \
    python3 -c "$COI_MEASURE" "$COI/log" "$ROOT/target/release/coi-report" ingest --events "$1" \
    --judge-for "w0.example.org/w" || die "coi-report failed: see $COI/log"
}

# Sets SPEED and MEMORY.
coi_replay() { # N
  local taken
  coi_events "$1"
  coi_database
  taken=$(coi_ingest "$COI/events")
  MEMORY=$((${taken#* } / 1024))
  SPEED=$(awk -v n="$1" -v s="${taken% *}" 'BEGIN { printf "%d", n / s }')
  rm -f "$COI/events"
  printf '       %s edits in %s s: %s/s, at most %s MB; %s hits\n' "$1" "${taken% *}" "$SPEED" "$MEMORY" \
    "$(links_sql "$LINKS_DB" -N -e 'SELECT COUNT(*) FROM hit')"
  grep -o 'revisions=.*' "$COI/log" | tail -1 | sed 's/^/       /'
}

coi_line() { # REACHED(0|1) WHAT IS TARGET
  printf '%s %-58s %16s   target %s\n' "$( (($1)) && echo 'ok    ' || echo MISSED)" "$2" "$3" "$4"
  (($1))
}

coi() { # N
  local n=$1 ok=0 small=$(($1 / 10)) at_small
  need_compilers
  command -v mariadbd >/dev/null || install_packages mariadb-server-core mariadb-client
  command -v python3 >/dev/null || install_packages python3
  CARGO_TARGET_DIR="$ROOT/target/bench/cargo" \
    cargo build --quiet --release --locked --manifest-path "$ROOT/scripts/bench.d/coi/Cargo.toml"
  cargo build --quiet --release --locked -p coi-report -p wikicrew-tests --bins
  mkdir -p "$COI"
  say "parts"
  "$ROOT/target/bench/cargo/release/wikicrew-bench-coi" patterns || ok=1
  "$ROOT/target/bench/cargo/release/wikicrew-bench-coi" decide 3000 || ok=1
  LINKS=$COI/db LINKS_DB=s12345__coi
  links_new
  say "replay: reading, links, rules, MariaDB; no request to any wiki"
  coi_replay "$small"
  at_small=$MEMORY
  coi_replay "$n"
  links_stop
  coi_line $((SPEED >= 2000)) "edits replayed, $n of them" "$SPEED/s" "2,000/s" || ok=1
  coi_line $((MEMORY * 10 <= at_small * 11)) "memory after $n edits, after $small it was" "$MEMORY of $at_small MB" \
    "1.1 times" || ok=1
  coi_line $((MEMORY <= 200)) "memory" "$MEMORY MB" "200 MB" || ok=1
  say "live: edits saved to the sandbox's wiki, read through a proxy that adds 300 ms to each request"
  "$ROOT/target/bench/cargo/release/wikicrew-bench-coi" events 1000 "$COI/events"
  "$ROOT/target/release/coi-live" "$COI/events" "$SPEED" || ok=1
  rm -f "$COI/events"
  return "$ok"
}
