# shellcheck shell=bash
# Where the jobs' database is and who we are there, for scripts/backup and scripts/restore. Sourced, never run by itself.
# The same sources in the same order as the jobs have: WIKICREW_DATABASE_URL; TOOL_TOOLSDB_USER and _PASSWORD;
# replica.my.cnf in $TOOL_DATA_DIR or at home. The password goes into a file of mode 0600, never onto a command line.

say() { printf '%s: %s\n' "$NAME" "$*" >&2; }
die() {
  printf '%s: %s\n' "$NAME" "$*" >&2
  exit 1
}

percent_decode() { # TEXT
  local text=${1//\\/\\\\}
  printf '%b' "${text//%/\\x}"
}

# The value of KEY in the [client] part of an option file, without the quotes around it.
option() { # FILE KEY
  awk -v key="$2" -v q="'" '
    { sub(/\r$/, "") }
    /^[ \t]*\[/ { client = /^[ \t]*\[client\]/ }
    client && match($0, "^[ \t]*" key "[ \t]*=[ \t]*") {
      value = substr($0, RLENGTH + 1)
      sub(/[ \t]+$/, "", value)
      first = substr(value, 1, 1)
      if ((first == q || first == "\"") && length(value) > 1 && substr(value, length(value)) == first)
        value = substr(value, 2, length(value) - 2)
      found = value
    }
    END { print found }' "$1"
}

# Sets DATABASE, and CLIENT_OPTIONS to the one option that must come first on a client's command line.
find_database() {
  local url='^(mysql|mariadb)://([^:@/]*)(:([^@/]*))?@([^:/?@]+)(:([0-9]+))?/([^/?]+)(\?(socket=([^&]+))?)?$'
  local user password host port=3306 socket='' cnf
  if [[ -n ${WIKICREW_DATABASE_URL:-} ]]; then
    [[ $WIKICREW_DATABASE_URL =~ $url ]] ||
      die "WIKICREW_DATABASE_URL must look like mysql://USER:PASSWORD@HOST:3306/DATABASE"
    user=$(percent_decode "${BASH_REMATCH[2]}")
    password=$(percent_decode "${BASH_REMATCH[4]}")
    host=${BASH_REMATCH[5]}
    port=${BASH_REMATCH[7]:-3306}
    DATABASE=$(percent_decode "${BASH_REMATCH[8]}")
    socket=$(percent_decode "${BASH_REMATCH[11]}")
  else
    user=${TOOL_TOOLSDB_USER:-}
    password=${TOOL_TOOLSDB_PASSWORD:-}
    if [[ -z $user || -z $password ]]; then
      for cnf in "${TOOL_DATA_DIR:-}/replica.my.cnf" "${HOME:-}/replica.my.cnf"; do
        [[ -r $cnf ]] || continue
        user=$(option "$cnf" user)
        password=$(option "$cnf" password)
        break
      done
    fi
    [[ -n $user && -n $password ]] ||
      die "no database: set WIKICREW_DATABASE_URL, or TOOL_TOOLSDB_USER and TOOL_TOOLSDB_PASSWORD, or provide replica.my.cnf"
    host=${WIKICREW_DATABASE_HOST:-tools.db.svc.wikimedia.cloud}
    DATABASE=${WIKICREW_DATABASE:-${user}__wikicrew}
  fi
  [[ $DATABASE =~ ^[A-Za-z0-9_$-]{1,64}$ ]] || die "'$DATABASE' cannot be the name of a database"
  command -v mariadb-dump >/dev/null || die "mariadb-dump is missing: apt-get install mariadb-client"

  SCRATCH=$(mktemp -d) # mode 0700
  trap 'rm -rf "$SCRATCH"' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  (
    umask 077
    password=${password//\\/\\\\}
    printf '[client]\nuser="%s"\npassword="%s"\nhost="%s"\nport=%s\ndefault-character-set=utf8mb4\n' \
      "$user" "${password//\"/\\\"}" "$host" "$port" >"$SCRATCH/my.cnf"
    [[ -z $socket ]] || printf 'socket="%s"\n' "$socket" >>"$SCRATCH/my.cnf"
  )
  CLIENT_OPTIONS="--defaults-file=$SCRATCH/my.cnf"
  sql 'SELECT 1' >/dev/null || die "the database $DATABASE cannot be reached"
}

sql() { # STATEMENT: rows as lines
  mariadb "$CLIENT_OPTIONS" --batch --skip-column-names --database="$DATABASE" --execute="$1"
}
