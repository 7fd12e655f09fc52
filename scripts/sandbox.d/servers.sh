# shellcheck shell=bash disable=SC2034,SC2154
# The database server and the two web servers. Sourced by scripts/sandbox.

# ---- MariaDB ---------------------------------------------------------------

db_socket() { # a socket's path may have 107 bytes; deep checkouts need a short one
  local s="$BOX/run/db.sock"
  ((${#s} < 100)) || s="${XDG_RUNTIME_DIR:-/tmp}/wikicrew-$(cksum <<<"$BOX" | cut -d' ' -f1).sock"
  echo "$s"
}

sql_root() { mariadb --defaults-file="$BOX/my.cnf" --batch --skip-column-names "$@"; }

write_db_config() {
  local who
  who=$(id -un)
  write_file "$BOX/my.cnf" <<EOF
[client]
socket=$(db_socket)
user=root
password=$SECRET_root
default-character-set=utf8mb4

[mariadbd]
user=$who
datadir=$BOX/db
socket=$(db_socket)
pid-file=$BOX/run/mariadbd.pid
log-error=$BOX/log/mariadb.log
init-file=$BOX/init.sql
bind-address=127.0.0.1
port=$PORT_db
skip-name-resolve
character-set-server=utf8mb4
collation-server=utf8mb4_unicode_ci
max_connections=400
# Tests cut connections by the hundred; this must not lock their host out.
max_connect_errors=4294967295
# As on the tools' database server.
wait_timeout=600
max_statement_time=3600
# Fast, and still whole after kill -9 of the server; not after a power cut.
skip-log-bin
innodb_buffer_pool_size=256M
innodb_log_file_size=128M
innodb_flush_log_at_trx_commit=2
innodb_flush_method=nosync
innodb_doublewrite=0
innodb_stats_persistent=0
performance_schema=0
table_open_cache=4000
tmp_table_size=64M
max_heap_table_size=64M
max_allowed_packet=128M
EOF
  # Run at each start of the server, so it mends lost accounts by itself. One
  # statement a line. MAX_USER_CONNECTIONS as on the tools' database server; the
  # second account is for test runs with many processes at once.
  write_file "$BOX/init.sql" <<EOF
DELETE FROM mysql.global_priv WHERE User='';
FLUSH PRIVILEGES;
ALTER USER root@localhost IDENTIFIED BY '$SECRET_root';
CREATE USER IF NOT EXISTS wiki@'%';
ALTER USER wiki@'%' IDENTIFIED BY '$SECRET_wiki';
GRANT ALL ON enwiki.* TO wiki@'%';
GRANT ALL ON dewiki.* TO wiki@'%';
CREATE USER IF NOT EXISTS $TOOL_USER@'%';
ALTER USER $TOOL_USER@'%' IDENTIFIED BY '$SECRET_tool' WITH MAX_USER_CONNECTIONS 20;
GRANT ALL ON \`${TOOL_USER}\\_\\_%\`.* TO $TOOL_USER@'%';
CREATE USER IF NOT EXISTS $TEST_USER@'%';
ALTER USER $TEST_USER@'%' IDENTIFIED BY '$SECRET_test';
GRANT ALL ON \`${TEST_USER}\\_\\_%\`.* TO $TEST_USER@'%';
EOF
}

install_db() {
  [[ -d $BOX/db ]] && return
  say "creating the database instance"
  rm -rf "$BOX"/db.new
  # From inside the folder: this script cannot bear a blank in a path.
  (cd "$BOX" && mariadb-install-db --no-defaults --datadir=./db.new --user="$(id -un)" \
    --auth-root-authentication-method=normal --skip-test-db \
    --innodb-log-file-size=128M >>log/mariadb-install.log 2>&1) ||
    die "mariadb-install-db failed: see $BOX/log/mariadb-install.log"
  mv "$BOX/db.new" "$BOX/db"
}

db_answers() { sql_root -e 'SELECT 1' >/dev/null 2>&1; }

start_db() {
  local i want
  want=$(cat "$BOX/my.cnf" "$BOX/init.sql" | cksum)
  if [[ "$(cat "$BOX/run/db.config" 2>/dev/null)" == "$want" && -n $(server_pids db) ]] && db_answers; then
    return
  fi
  stop_server db 30
  rm -f "$(db_socket)"
  start_detached db "$BOX/log/mariadb.out" mariadbd --defaults-file="$BOX/my.cnf"
  for ((i = 0; i < 1200; i++)); do
    db_answers && break
    sleep 0.05
    if ((i > 20)) && [[ -z $(server_pids db) ]]; then break; fi
  done
  db_answers || die "MariaDB does not start on port $PORT_db: see $BOX/log/mariadb.log ($(grep -a 'ERROR' "$BOX/log/mariadb.log" 2>/dev/null | tail -1))"
  write_file "$BOX/run/db.config" <<<"$want"
}

# ---- PHP -------------------------------------------------------------------

# Changed helper files or settings mean a restart: the servers look at no file's
# date (opcache), so they would go on with the old ones.
web_fingerprint() { cat "$PARTS"/*.php "$BOX/config.json" "$MW/.complete" 2>/dev/null | cksum; }

web_answers() { # WIKI
  php -r '
    $c = stream_context_create(["http" => ["timeout" => 20, "ignore_errors" => true]]);
    $j = json_decode((string)@file_get_contents("http://127.0.0.1:$argv[1]/w/api.php?action=query&meta=siteinfo&format=json", false, $c));
    exit(isset($j->query->general) ? 0 : 1);' "$1" 2>/dev/null
}

web_listens() { [[ -n $(listening_inode "$1") ]]; }

start_web() { # WIKI
  local wiki=$1 var=PORT_$1 port i want
  port=${!var}
  want="$(web_fingerprint) $port"
  # One main process and its workers: if any died, all are started anew.
  if [[ "$(cat "$BOX/run/$wiki.config" 2>/dev/null)" == "$want" ]] && web_listens "$port" &&
    (($(count_web "$wiki") == WORKERS + 1)); then
    return
  fi
  stop_server "$wiki" 3
  start_detached "$wiki" "$BOX/log/$wiki-web.log" SANDBOX_DIR="$BOX" SANDBOX_WIKI="$wiki" \
    MW_CONFIG_FILE="$PARTS/LocalSettings.php" PHP_CLI_SERVER_WORKERS="$WORKERS" \
    php -q -S "127.0.0.1:$port" -t "$BOX/htdocs" \
    -d opcache.enable=1 -d opcache.validate_timestamps=0 -d opcache.memory_consumption=192 \
    -d opcache.interned_strings_buffer=32 -d opcache.max_accelerated_files=20000 \
    -d opcache.file_update_protection=0 -d realpath_cache_size=8M -d realpath_cache_ttl=3600 \
    -d apc.enabled=1 -d apc.shm_size=128M -d memory_limit=512M -d max_execution_time=0 \
    -d post_max_size=512M -d upload_max_filesize=64M -d display_errors=0 -d log_errors=1 \
    -d error_reporting=22527 -d zend.assertions=-1 -d date.timezone=UTC "$PARTS/router.php"
  for ((i = 0; i < 200; i++)); do
    web_listens "$port" && break
    sleep 0.05
  done
  write_file "$BOX/run/$wiki.config" <<<"$want"
}

start_all_web() {
  local wiki var pids=() p
  mkdir -p "$BOX/htdocs"
  ln -sfn "$MW" "$BOX/htdocs/w"
  for wiki in en de; do start_web "$wiki"; done
  # The first request compiles everything; do it now, for both at once.
  for wiki in en de; do
    var=PORT_$wiki
    web_answers "${!var}" &
    pids+=($!)
  done
  for p in "${pids[@]}"; do
    wait "$p" || die "a wiki does not answer: see $BOX/log/en-web.log, $BOX/log/de-web.log and $BOX/log/*-error.log"
  done
}

# Commands done inside a running web server (ops.php), so that they share its
# caches and need no start of their own. Reads JSON lines, prints JSON lines.
ops() { # WIKI OPERATION <lines
  php "$PARTS/client.php" ops "$1" "$2"
}

clear_caches() {
  local wiki
  for wiki in en de; do
    ops "$wiki" clear </dev/null >/dev/null || die "the caches of $wiki could not be cleared: '$0 up' first"
  done
}
