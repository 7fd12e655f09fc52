# shellcheck shell=bash disable=SC2034,SC2154
# Installing the two wikis, their accounts and their snapshots. Sourced by scripts/sandbox.

declare -A LANGUAGE=([en]=en [de]=de)
WIKI_DBS=(enwiki dewiki)

# ---- secrets and settings --------------------------------------------------

make_secrets() {
  local name
  if [[ ! -s $BOX/secrets ]]; then
    for name in root wiki tool test en_key de_key ops admin bot botpass alice bob carol dave; do
      echo "SECRET_$name=$(random_word 16)"
    done | write_file "$BOX/secrets"
  fi
  # shellcheck source=/dev/null
  . "$BOX/secrets"
}

# What the PHP parts need; sandbox.json (made of it) is what tests read.
write_config() {
  write_file "$BOX/config.json" <<EOF
{"ops_token":"$SECRET_ops","mediawiki":"$MW","log":"$BOX/log",
"db":{"host":"127.0.0.1","port":$PORT_db,"socket":"$(db_socket)","user":"wiki","password":"$SECRET_wiki"},
"tool":{"user":"$TOOL_USER","password":"$SECRET_tool"},"test":{"user":"$TEST_USER","password":"$SECRET_test"},
"bot":{"name":"WikicrewBot","password":"$SECRET_bot","bot_secret":"$SECRET_botpass"},
"wikis":{"en":{"port":$PORT_en,"lang":"en","key":"$SECRET_en_key"},"de":{"port":$PORT_de,"lang":"de","key":"$SECRET_de_key"}}}
EOF
  php "$PARTS/client.php" sandbox-json | write_file "$BOX/sandbox.json"
}

# The standing accounts of each wiki, as lines for `ops users`.
standing_accounts() {
  cat <<EOF
{"name":"Admin","password":"$SECRET_admin","groups":["sysop","bureaucrat","interface-admin"],"edits":1000,"age_days":1000}
{"name":"WikicrewBot","password":"$SECRET_bot","groups":["bot"],"edits":1000,"age_days":1000,"bot_password":"$SECRET_botpass"}
{"name":"Alice","password":"$SECRET_alice"}
{"name":"Bob","password":"$SECRET_bob"}
{"name":"Carol","password":"$SECRET_carol"}
{"name":"Dave","password":"$SECRET_dave"}
EOF
}

# ---- installing ------------------------------------------------------------

mw_php() { # WIKI SCRIPT ARGS...
  local wiki=$1
  shift
  SANDBOX_DIR=$BOX SANDBOX_WIKI=$wiki MW_CONFIG_FILE=$PARTS/LocalSettings.php \
    php -d memory_limit=1G -d error_reporting=22527 "$MW/maintenance/run.php" "$@"
}

wiki_stamp() { # what the installed wikis were made from; a change means installing anew
  { cat "$MW/.complete" "$BOX/secrets"; grep -o 'wfLoad.*' "$PARTS/LocalSettings.php"; } | cksum
}

install_wiki() { # WIKI: from nothing, so a half-installed one is simply redone
  local wiki=$1 db="${1}wiki" log="$BOX/log/install-$1.log" scratch
  scratch=$(mktemp -d "$BOX/install.XXXXXX")
  sql_root -e "DROP DATABASE IF EXISTS $db; CREATE DATABASE $db DEFAULT CHARACTER SET binary" || return 1
  # The installer wants to see no settings; ours come after it.
  php -d error_reporting=22527 "$MW/maintenance/run.php" install --dbtype=mysql --dbserver="127.0.0.1:$PORT_db" \
    --dbname="$db" --dbuser=wiki --dbpass="$SECRET_wiki" --lang="${LANGUAGE[$wiki]}" --scriptpath=/w \
    --server="http://127.0.0.1" --confpath="$scratch" --pass="$SECRET_admin" Wikipedia Admin >"$log" 2>&1 || return 1
  rm -rf "$scratch"
  mw_php "$wiki" update --quick --skip-external-dependencies >>"$log" 2>&1
}

build_messages() { # WIKI: compiled message files, never rebuilt while serving
  mw_php "$1" rebuildLocalisationCache --lang=en,de --force --skip-message-purge >>"$BOX/log/install-$1.log" 2>&1
}

install_wikis() {
  local wiki p pids=()
  if [[ "$(cat "$BOX/wikis.installed" 2>/dev/null)" == "$(wiki_stamp)" ]]; then
    finish_restore
    return
  fi
  say "installing the wikis"
  stop_server en 2
  stop_server de 2
  rm -rf "$BOX"/install.* "$BOX/wikis.installed" "$BOX/cache" "$BOX/snapshots/pristine" "$BOX/restoring"
  for wiki in en de; do
    mkdir -p "$BOX/cache/$wiki" "$BOX/images/$wiki"
    { install_wiki "$wiki" && build_messages "$wiki"; } &
    pids+=($!)
  done
  for p in "${pids[@]}"; do
    wait "$p" || die "installing a wiki failed: see $BOX/log/install-en.log and install-de.log"
  done
  fix_interwiki
  start_all_web
  for wiki in en de; do
    standing_accounts | ops "$wiki" users >/dev/null || die "the accounts on $wiki could not be made: see $BOX/log/$wiki-error.log"
    load_standing_pages "$wiki"
  done
  take_snapshot pristine
  wiki_stamp | write_file "$BOX/wikis.installed"
}

load_standing_pages() { # WIKI: what any wiki has from its first day
  local title='Main Page' text='Welcome to the sandbox wiki. Nothing here is real.'
  [[ $1 == de ]] && title='Hauptseite' text='Willkommen im Sandkasten-Wiki. Nichts hier ist echt.'
  echo "{\"title\":\"$title\",\"text\":\"$text\",\"user\":\"Admin\",\"summary\":\"\"}" |
    ops "$1" load >/dev/null || die "the first page on $1 could not be saved: see $BOX/log/$1-error.log"
}

# Each wiki knows the other by its language code; the ports are this checkout's.
fix_interwiki() {
  local db
  for db in "${WIKI_DBS[@]}"; do
    echo "REPLACE INTO $db.interwiki (iw_prefix,iw_url,iw_api,iw_wikiid,iw_local,iw_trans) VALUES
      ('en','http://127.0.0.1:$PORT_en/wiki/\$1','http://127.0.0.1:$PORT_en/w/api.php','enwiki',1,0),
      ('de','http://127.0.0.1:$PORT_de/wiki/\$1','http://127.0.0.1:$PORT_de/w/api.php','dewiki',1,0);"
  done | sql_root
}

# ---- snapshots -------------------------------------------------------------

take_snapshot() { # NAME
  local name=$1 db p pids=() tmp
  mkdir -p "$BOX/snapshots"
  rm -rf "$BOX"/snapshots/.new.*
  tmp=$(mktemp -d "$BOX/snapshots/.new.XXXXXX")
  for db in "${WIKI_DBS[@]}"; do
    # Sessions and caches stay out: a restored wiki knows nobody as logged in.
    mariadb-dump --defaults-file="$BOX/my.cnf" --single-transaction --quick --skip-comments \
      --no-autocommit --disable-keys --hex-blob --ignore-table-data="$db.objectcache" \
      --ignore-table-data="$db.l10n_cache" "$db" >"$tmp/$db.sql" &
    pids+=($!)
  done
  for p in "${pids[@]}"; do wait "$p" || die "mariadb-dump failed (is the disk full?)"; done
  rm -rf "$BOX/snapshots/$name"
  mv "$tmp" "$BOX/snapshots/$name"
}

load_snapshot() { # NAME
  local name=$1 db p pids=()
  [[ -f $BOX/snapshots/$name/enwiki.sql ]] ||
    die "there is no snapshot '$name' (there are: $(ls -m "$BOX/snapshots" 2>/dev/null))"
  write_file "$BOX/restoring" <<<"$name" # a restore that was killed is redone by `up`
  for db in "${WIKI_DBS[@]}"; do
    { echo 'SET SESSION foreign_key_checks=0, unique_checks=0;'; cat "$BOX/snapshots/$name/$db.sql"; } | sql_root "$db" &
    pids+=($!)
  done
  for p in "${pids[@]}"; do wait "$p" || die "restoring '$name' failed: see the message above; '$0 reset' starts afresh"; done
  fix_interwiki
}

restored() { rm -f "$BOX/restoring"; } # say so only when the caches are cleared, too

finish_restore() {
  local name
  [[ -s $BOX/restoring ]] || return 0
  name=$(cat "$BOX/restoring")
  say "a restore of '$name' was interrupted: doing it again"
  load_snapshot "$name"
  stop_server en 2
  stop_server de 2
  restored
}
