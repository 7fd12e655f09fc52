# shellcheck shell=bash
# Set-up and reporting that scripts/test, scripts/demo and .ci/run share (scripts/sandbox brings its own).
# Sourced, never run by itself. The sourcing script sets ROOT and NAME.

say() { printf '%s: %s\n' "$NAME" "$*" >&2; }
die() {
  printf '%s: %s\n' "$NAME" "$*" >&2
  exit 1
}

# ---- set-up ----------------------------------------------------------------

# Installs Debian packages: as root, or by sudo if that asks nothing; otherwise says the one line to type.
install_packages() { # PACKAGE...
  local as=() log="$ROOT/target/test-logs/apt.log"
  command -v apt-get >/dev/null || die "please install, by your system's means: $*"
  if ((EUID != 0)); then
    sudo -n true 2>/dev/null || die "as root, run: apt-get install --no-install-recommends $*"
    as=(sudo)
  fi
  mkdir -p "${log%/*}"
  say "installing $*"
  as+=(env DEBIAN_FRONTEND=noninteractive apt-get -y -o DPkg::Lock::Timeout=600)
  # Old lists name package versions that are gone: on failure, renew and try again.
  "${as[@]}" install --no-install-recommends "$@" >"$log" 2>&1 </dev/null ||
    { "${as[@]}" update && "${as[@]}" install --no-install-recommends "$@"; } >>"$log" 2>&1 </dev/null ||
    die "the packages could not be installed (see $log); by hand: apt-get install --no-install-recommends $*"
}

# The compiler of rust-toolchain.toml, and a C compiler for the TLS library.
need_compilers() {
  if ! command -v cargo >/dev/null && [[ -x ${HOME:-}/.cargo/bin/cargo ]]; then
    export PATH="$HOME/.cargo/bin:$PATH"
  fi
  command -v cargo >/dev/null || die "Rust is missing: install it with rustup, then try again"
  command -v cc >/dev/null || install_packages build-essential
}

# Sets PYTHON to an interpreter that has the packages of a requirements file, in an environment of its own. Made anew
# when that file or Python's version changes, and after a run that was killed half-way.
need_python() { # REQUIREMENTS VENV
  local requirements=$1 venv=$2 base=python3 stamp
  if ! { python3 -c 'import venv, ensurepip, sys; sys.exit(sys.version_info < (3, 10))'; } 2>/dev/null; then
    install_packages python3 python3-venv
    base=/usr/bin/python3
  fi
  stamp=$(
    "$base" --version
    sha256sum <"$requirements"
  )
  PYTHON=$venv/bin/python
  [[ "$(cat "$venv/complete" 2>/dev/null)" != "$stamp" ]] || return 0
  say "making the Python environment ${venv#"$ROOT"/}"
  rm -rf "$venv"
  "$base" -m venv "$venv" >/dev/null || die "python3 -m venv failed: as root, run: apt-get install python3-venv"
  "$venv/bin/pip" install --quiet --no-input --disable-pip-version-check --only-binary :all: \
    --require-hashes -r "$requirements" || die "the packages of ${requirements#"$ROOT"/} could not be installed"
  printf '%s\n' "$stamp" >"$venv/complete"
}

# Sets PYTHON to an interpreter that has the real Toolforge client.
need_jobs_client() { need_python "$ROOT/tests/jobs/requirements.txt" "$ROOT/target/venv"; }

# ---- steps -----------------------------------------------------------------

# Each step is timed, its output shown and kept in target/test-logs/. STEPS is the table so far; a script that is
# called by another one writes into its caller's table and leaves the printing to it.
begin_steps() {
  LOGS=$ROOT/target/test-logs
  mkdir -p "$LOGS"
  if [[ -z ${WIKICREW_STEPS:-} ]]; then
    export WIKICREW_STEPS="$LOGS/steps.tsv"
    : >"$WIKICREW_STEPS"
    trap end_steps EXIT
  fi
  # Ctrl-C or a CI that stops us: end like a failed step.
  trap 'exit 130' INT
  trap 'exit 143' TERM
}

step() { # NAME COMMAND...: ends the script when the command fails
  local name=$1 began=$SECONDS rc=0
  shift
  printf '\n=== %s\n' "$name"
  # `if`: a failing command must not end the script before it stands in the table.
  if "$@" </dev/null 2>&1 | tee "$LOGS/$name.log"; then :; else rc=$?; fi
  printf '%s\t%s\t%s\n' "$name" "$((SECONDS - began))" "$([[ $rc == 0 ]] && echo ok || echo "FAILED ($rc)")" >>"$WIKICREW_STEPS"
  ((rc == 0)) || exit 1
}

# Sums the closing lines of nextest, cargo test and check_jobs.py over all logs of this run: "passed failed".
count_tests() {
  local name
  while IFS=$'\t' read -r name _; do
    sed 's/\x1b\[[0-9;]*m//g' "$LOGS/$name.log" 2>/dev/null
  done <"$WIKICREW_STEPS" | awk '
    / tests? run: / || /^test result: / || /^[0-9]+ passed, [0-9]+ failed/ {
      for (i = 2; i <= NF; i++) {
        if ($i ~ /^passed/) passed += $(i - 1)
        if ($i ~ /^(failed|timed)/) failed += $(i - 1)
      }
    }
    END { print passed + 0, failed + 0 }'
}

end_steps() {
  local rc=$? passed failed last
  trap - EXIT
  read -r passed failed < <(count_tests)
  printf '\n%-12s %8s  %s\n' step seconds result
  awk -F'\t' '{ printf "%-12s %8d  %s\n", $1, $2, $3; sum += $2 } END { printf "%-12s %8d\n", "total", sum }' "$WIKICREW_STEPS"
  if ((rc != 0)); then
    failed=$((failed > 0 ? failed : 1))
    last=$(awk -F'\t' '$3 ~ /^FAILED/ { print $1 }' "$WIKICREW_STEPS")
    if [[ -n $last ]]; then
      printf '\nfailed: %s (its output: target/test-logs/%s.log)\n' "$last" "$last"
    else
      printf '\nfailed in the set-up: see the message above\n'
    fi
  fi
  printf '\n%d passed, %d failed\n' "$passed" "$failed"
  exit "$rc"
}
