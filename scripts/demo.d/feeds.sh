# shellcheck shell=bash
# The part of scripts/demo that shows feeds beside coi-report: a real IRC server on loopback, a person in the channel, the
# continuous job. People add links, a run finds them, and the channel hears of it; the person asks the bot, and may not
# switch it. Sourced by scripts/demo, whose helpers it uses.

FEED_FOLDER=$ROOT/.sandbox/demo-feeds
FEED_CHANNEL='#wikipedia-en-spam'

# ---- a channel ---------------------------------------------------------------

free_port() {
  python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

feed_server() {
  mkdir -p "$FEED_FOLDER"
  FEED_PORT=$(free_port)
  cat >"$FEED_FOLDER/ngircd.conf" <<EOF
[Global]
Name = irc.sandbox.invalid
Info = The demo's channel
AdminEMail = admin@sandbox.invalid
Listen = 127.0.0.1
Ports = $FEED_PORT
MotdPhrase = Welcome
[Limits]
MaxNickLength = 20
[Options]
DNS = no
Ident = no
PAM = no
IncludeDir =
EOF
  LD_LIBRARY_PATH=.sandbox/irc/libs .sandbox/irc/usr/sbin/ngircd -n -f "$FEED_FOLDER/ngircd.conf" >"$FEED_FOLDER/ngircd.log" 2>&1 &
  FEED_PIDS=($!)
  for _ in {1..50}; do
    (: <>"/dev/tcp/127.0.0.1/$FEED_PORT") 2>/dev/null && return
    sleep 0.1
  done
  die "the IRC server did not start: $FEED_FOLDER/ngircd.log"
}

# A person who sits in the channel and writes down what is said there.
feed_person() {
  exec 7<>"/dev/tcp/127.0.0.1/$FEED_PORT"
  printf 'NICK Patroller\r\nUSER patroller 0 * :A patroller\r\n' >&7
  (
    while IFS= read -r line <&7; do
      line=${line%$'\r'}
      nick=${line#:} nick=${nick%%!*}
      case $line in
        PING*) printf 'PONG %s\r\n' "${line#PING }" >&7 ;;
        *" 001 "*) printf 'JOIN %s\r\n' "$FEED_CHANNEL" >&7 ;;
        *" PRIVMSG $FEED_CHANNEL :"*) printf '  <%s> %s\n' "$nick" "${line#*" PRIVMSG $FEED_CHANNEL :"}" ;;
        *" JOIN "*) printf '  -- %s is here\n' "$nick" ;;
        *" QUIT "*) printf '  -- %s is gone\n' "$nick" ;;
      esac
    done
  ) >"$FEED_FOLDER/heard.txt" &
  FEED_PIDS+=($!)
}

say_there() { # TEXT
  printf 'PRIVMSG %s :%s\r\n' "$FEED_CHANNEL" "$1" >&7
  printf '  <Patroller> %s\n' "$1" >>"$FEED_FOLDER/heard.txt"
}

end_feeds() {
  kill "${FEED_PIDS[@]}" 2>/dev/null || true
  wait "${FEED_PIDS[@]}" 2>/dev/null || true
}

# ---- what happens there --------------------------------------------------------

demo_feeds() {
  local coi=target/release/coi-report feed
  trap end_feeds EXIT
  feed_server
  export WIKICREW_FEED_HOSTS="127.0.0.1:$FEED_PORT" WIKICREW_IRC_NICK=COIBot
  headline "A feed of coi-report: reports in $FEED_CHANNEL of an IRC server on loopback"
  # shellcheck disable=SC2034
  NOW=$(date +%s)
  page 0 Admin "$COI_SETTINGS" "$(sed -e 's/^publish: off/publish: pages/' -e 's/^# commands: .*/commands: {}/' \
    -e "s|^</pre>\$|feeds:\n  - name: spam\n    sink: {type: irc, server: 127.0.0.1, port: $FEED_PORT, tls: false, channel: \"$FEED_CHANNEL\"}\n&|" \
    bins/coi-report/settings.example.wiki)" | quietly scripts/sandbox load en -
  feed_person
  "$coi" feed 2>"$FEED_FOLDER/feed.log" &
  feed=$!
  FEED_PIDS+=("$feed")
  for _ in {1..100}; do
    grep -q 'COIBot is here' "$FEED_FOLDER/heard.txt" && break
    sleep 0.2
  done
  "$coi" --dns-server off -q
  headline 'RiverShop adds a link to three articles'
  # shellcheck disable=SC2034
  NOW=$(date +%s)
  {
    page 0 RiverShop Widget 'A widget is a small thing. [https://rivershop.example/widgets Widgets]'
    page 0 RiverShop Gadget 'A gadget is a widget with a plug. [https://rivershop.example/gadgets Gadgets]'
    page 0 RiverShop Bridge 'A bridge crosses water. [https://rivershop.example/bridges Bridges]'
  } | quietly scripts/sandbox load en -
  say 'the last 30 seconds are left alone, since a wiki may show them late: waiting'
  sleep 31
  "$coi" --dns-server off -q
  sleep 7
  say_there 'COIBot: test ChocolateFan Chocolate_chip_cookie'
  sleep 3
  say_there 'COIBot report link rivershop.example'
  sleep 6
  say_there 'COIBot quiet'
  sleep 3
  headline "What is heard in $FEED_CHANNEL"
  cat "$FEED_FOLDER/heard.txt"
  headline 'The continuous job is stopped; its log'
  kill "$feed"
  wait "$feed" || true
  cat "$FEED_FOLDER/feed.log"
  end_feeds
}
