# shellcheck shell=bash disable=SC2034,SC2154
# What the sandbox needs from Debian: the database server's and PHP's packages
# and a name server's, which tests start by themselves, installed; MediaWiki's
# and the IRC servers', only unpacked. Sourced by scripts/sandbox.

# mariadb-server and dnsmasq themselves are left out on purpose: they would bring
# system services.
PACKAGES=(mariadb-server-core mariadb-client php-cli php-mysql php-xml php-mbstring
  php-intl php-gmp php-apcu php-curl python3-pygments dnsmasq-base openssl curl)

# Each of these would bring a system service too, and has no package without it.
# (Debian's "ergo" is a program for chemists, not the IRC server of that name;
# InspIRCd with Anope's accounts is what has SASL and account-tag.)
IRCDS=(ngircd inspircd anope)

missing_packages() {
  local have p
  have=$(dpkg-query -W -f='${Package} ${db:Status-Status}\n' "${PACKAGES[@]}" 2>/dev/null || true)
  for p in "${PACKAGES[@]}"; do
    grep -qx "$p installed" <<<"$have" || echo "$p"
  done
}

# apt and the package cache are shared by all checkouts of one user.
with_cache_lock() {
  mkdir -p "$CACHE"
  (
    exec 8>"$CACHE/lock"
    flock -n 8 || { say "waiting for another checkout's download"; flock 8; }
    "$@"
  )
}

install_packages() {
  local missing as=()
  mapfile -t missing < <(missing_packages)
  ((${#missing[@]})) || return 0
  command -v apt-get >/dev/null || die "apt-get is missing: the sandbox needs Debian 12 or 13"
  if ((EUID != 0)); then
    sudo -n true 2>/dev/null || [[ -t 0 && -n $(command -v sudo) ]] ||
      die "as root, run: apt-get install --no-install-recommends ${missing[*]}"
    as=(sudo)
  fi
  say "installing ${missing[*]}"
  with_cache_lock apt_install "${as[@]}" -- "${missing[@]}" ||
    die "the packages could not be installed (see $BOX/log/apt.log); by hand: apt-get install --no-install-recommends ${missing[*]}"
}

apt_install() { # [sudo] -- PACKAGE...
  local as=() log="$BOX/log/apt.log"
  while [[ $1 != -- ]]; do as+=("$1"); shift; done
  shift
  as+=(env DEBIAN_FRONTEND=noninteractive)
  local get=("${as[@]}" apt-get -y -o DPkg::Lock::Timeout=600)
  # An installation that was killed half-way is finished first.
  if [[ -n $(dpkg --audit 2>/dev/null) ]] || compgen -G '/var/lib/dpkg/updates/[0-9]*' >/dev/null; then
    "${as[@]}" dpkg --configure -a >>"$log" 2>&1 8>&- || true
    "${get[@]}" -f install >>"$log" 2>&1 8>&- || true
  fi
  # Old lists name package versions that are gone: on failure, renew and retry.
  "${get[@]}" install --no-install-recommends "$@" >>"$log" 2>&1 8>&- && return
  "${get[@]}" update >>"$log" 2>&1 8>&- || return 1
  "${get[@]}" install --no-install-recommends "$@" >>"$log" 2>&1 8>&-
}

# ---- MediaWiki -------------------------------------------------------------

recorded_debs() { awk '{ print $2 }' "$PARTS/mediawiki.sha256"; }

# The mirror is the one this machine already uses.
mirror() {
  apt-cache policy bash 2>/dev/null |
    awk '$1 ~ /^[0-9]+$/ && $3 ~ /\/main$/ && $3 !~ /security/ && $2 !~ /^(\/|cdrom)/ { print $2; exit }'
}

# What the archive offered instead of the recorded version; another record, and
# this is asked anew.
newer_record() { echo "$CACHE/debs/newer-$(cksum <"$PARTS/mediawiki.sha256" | cut -d' ' -f1).sha256"; }

# The folder of verified packages: $CACHE/debs, with the hashes that were
# checked when they came in. Without the network it serves as it is.
debs_are_good() { # FILE-OF-HASHES
  [[ -s $1 ]] && (cd "$CACHE/debs" 2>/dev/null && sha256sum --quiet --strict -c "$1" >/dev/null 2>&1)
}

fetch_mediawiki() { # prints the file of hashes that describes what was fetched
  local recorded="$PARTS/mediawiki.sha256" newer
  newer=$(newer_record)
  mkdir -p "$CACHE/debs"
  if debs_are_good "$recorded"; then echo "$recorded"; return; fi
  if debs_are_good "$newer"; then
    say "WARNING: using $(sed -n 's/.* mediawiki_//p' "$newer"), newer than the one recorded in $recorded"
    echo "$newer"
    return
  fi
  download_mediawiki
}

download_mediawiki() {
  local recorded="$PARTS/mediawiki.sha256" newer
  newer=$(newer_record)
  local apt="$CACHE/apt" from keyring=/usr/share/keyrings/debian-archive-keyring.gpg opt f
  from=$(mirror)
  if [[ -z $from ]]; then
    if ((EUID == 0)); then apt-get update >>"$BOX/log/apt.log" 2>&1 || true
    else sudo -n apt-get update >>"$BOX/log/apt.log" 2>&1 || true; fi
    from=$(mirror)
  fi
  [[ -n $from ]] || die "no Debian mirror found by 'apt-cache policy bash': set up apt, run 'apt-get update', try again"
  [[ -s $keyring ]] || die "$keyring is missing: apt-get install debian-archive-keyring"
  rm -rf "$apt" "$CACHE/incoming"
  mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$CACHE/incoming"
  : >"$apt/status"
  # Own lists and caches: the machine's apt never learns of the other release.
  echo "deb [signed-by=$keyring] $from trixie main" >"$apt/sources.list"
  opt=(-o "Dir::Etc::SourceList=$apt/sources.list" -o Dir::Etc::SourceParts=/dev/null
    -o Dir::Etc::Preferences=/dev/null -o Dir::Etc::PreferencesParts=/dev/null
    -o "Dir::State::Lists=$apt/lists" -o "Dir::Cache=$apt/cache" -o "Dir::State::status=$apt/status"
    -o Acquire::Languages=none -o APT::Sandbox::User=root
    # Only the list of packages, none of the extra indexes some machines ask for.
    -o Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false
    -o Acquire::IndexTargets::deb::DEP-11-icons::DefaultEnabled=false
    -o Acquire::IndexTargets::deb::DEP-11-icons-small::DefaultEnabled=false
    -o Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled=false
    -o APT::Update::Post-Invoke::= -o APT::Update::Post-Invoke-Success::=)
  say "downloading MediaWiki (50 MB)"
  apt-get "${opt[@]}" update >>"$BOX/log/apt.log" 2>&1 ||
    die "the package list for MediaWiki could not be fetched: see $BOX/log/apt.log"
  (cd "$CACHE/incoming" && apt-get "${opt[@]}" download mediawiki mediawiki-classes >>"$BOX/log/apt.log" 2>&1) ||
    die "MediaWiki's packages could not be downloaded: see $BOX/log/apt.log"
  (cd "$CACHE/incoming" && sha256sum -- mediawiki*.deb >got.sha256)
  local main
  main=$(sed -n 's/.* \(mediawiki_.*\)/\1/p' "$CACHE/incoming/got.sha256")
  case $main in
    mediawiki_1%3a1.43.*) ;;
    *) die "the archive offers $main, not a MediaWiki 1.43: the sandbox was only tried with 1.43 LTS" ;;
  esac
  for f in $(recorded_debs); do
    # The same name with another hash is never an update.
    if [[ -f $CACHE/incoming/$f ]] && ! (cd "$CACHE/incoming" && grep -F " $f" "$recorded" | sha256sum --quiet -c - >/dev/null 2>&1); then
      die "$f has another SHA-256 than recorded in $recorded: do not use it; find out why before changing the record"
    fi
  done
  mv -f "$CACHE/incoming"/*.deb "$CACHE/debs/"
  if debs_are_good "$recorded"; then
    f=$recorded
  else
    mv -f "$CACHE/incoming/got.sha256" "$newer"
    f=$newer
    say "WARNING: the archive offers $main, newer than recorded (a security update, as a rule)."
    say "WARNING: its signature was checked; try it and record it: cp $newer $recorded"
  fi
  rm -rf "$CACHE/incoming" "$apt"
  echo "$f"
}

# Unpacked aside and moved in one step: a killed run leaves no half tree.
unpack_mediawiki() {
  local hashes stamp deb
  cmp -s "$MW/.recorded" "$PARTS/mediawiki.sha256" && return
  hashes=$(with_cache_lock fetch_mediawiki) || exit 1
  say "unpacking MediaWiki"
  stop_server en 2
  stop_server de 2
  rm -rf "$BOX"/unpack.* "$MW"
  stamp=$(mktemp -d "$BOX/unpack.XXXXXX")
  for deb in $(awk '{ print $2 }' "$hashes"); do
    dpkg -x "$CACHE/debs/$deb" "$stamp" || die "$CACHE/debs/$deb cannot be unpacked: is the disk full?"
  done
  local tree="$stamp/usr/share/mediawiki"
  # These lead out of the tree, to folders of a system-wide installation.
  rm -f "$tree/LocalSettings.php" "$tree/extensions" "$tree/config" "$tree/images"
  ln -s extensions-core "$tree/extensions"
  cp "$hashes" "$tree/.complete"
  cp "$PARTS/mediawiki.sha256" "$tree/.recorded"
  chmod -R go-w "$tree"
  mv "$tree" "$MW"
  rm -rf "$stamp"
}

# ---- IRC servers -----------------------------------------------------------

# As the machine's own apt offers them for its own release, which checks their
# signatures; nothing is installed, and no rights are needed.
ircd_debs() {
  local release
  release=$(. /etc/os-release && echo "${VERSION_CODENAME:-unknown}")
  echo "$CACHE/debs/irc-$release-$(dpkg --print-architecture)"
}

# The servers, and the libraries of theirs that this machine has not.
ircd_packages() {
  printf '%s\n' "${IRCDS[@]}"
  apt-get -s install --no-install-recommends "${IRCDS[@]}" 2>/dev/null |
    awk '$1 == "Inst" && $2 ~ /^lib/ && $2 !~ /-perl$/ && $3 !~ /^\[/ { print $2 }'
}

download_ircds() {
  local packages opt=(-o APT::Sandbox::User=root)
  mapfile -t packages < <(ircd_packages)
  (cd "$1" && apt-get "${opt[@]}" download "${packages[@]}" >>"$BOX/log/apt.log" 2>&1)
}

# Whether all that is needed here is in the cache: a library that the machine had then may be gone.
ircds_are_good() { # FOLDER
  local package
  (cd "$1" 2>/dev/null && sha256sum --quiet --strict -c got.sha256 >/dev/null 2>&1) || return
  while IFS= read -r package; do
    compgen -G "$1/${package}_*.deb" >/dev/null || return
  done < <(ircd_packages)
}

fetch_ircds() {
  local debs as=() incoming
  debs=$(ircd_debs)
  ircds_are_good "$debs" && return
  incoming=$debs.incoming
  rm -rf "$debs" "$incoming"
  mkdir -p "$incoming"
  say "downloading the IRC servers (6 MB)"
  if ! download_ircds "$incoming"; then
    # No lists of packages, or old ones that name versions which are gone.
    ((EUID == 0)) || as=(sudo -n)
    "${as[@]}" apt-get update >>"$BOX/log/apt.log" 2>&1 8>&- || true
    download_ircds "$incoming" ||
      die "the IRC servers' packages (${IRCDS[*]}) could not be downloaded: run 'apt-get update' as root, try again; see $BOX/log/apt.log"
  fi
  (cd "$incoming" && sha256sum -- *.deb >got.sha256)
  mv "$incoming" "$debs"
}

# To .sandbox/irc: usr/sbin, the modules, and in libs/ what the machine has not.
unpack_ircds() {
  local tree deb missing
  [[ -e $BOX/irc/.complete ]] && return
  with_cache_lock fetch_ircds || exit 1
  say "unpacking the IRC servers"
  rm -rf "$BOX"/unpack.* "$BOX/irc"
  tree=$(mktemp -d "$BOX/unpack.XXXXXX")
  mkdir "$tree/libs"
  for deb in "$(ircd_debs)"/*.deb; do
    dpkg -x "$deb" "$tree" || die "$deb cannot be unpacked: is the disk full?"
  done
  find "$tree/usr/lib" "$tree/lib" -path '*-linux-gnu*' -name 'lib*.so*' -exec mv -t "$tree/libs" {} + 2>/dev/null || true
  chmod -R go-w "$tree"
  missing=$(LD_LIBRARY_PATH=$tree/libs ldd "$tree"/usr/sbin/{ngircd,inspircd,anope} | grep 'not found') &&
    die "the IRC servers do not run here: $missing"
  : >"$tree/.complete"
  mv "$tree" "$BOX/irc"
}
