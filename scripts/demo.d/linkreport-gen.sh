# shellcheck shell=bash
# The part of scripts/demo that shows linkreport-gen beside coi-report: people add links; coi-report records them and a
# hit; a statistics rule and templates on a noticeboard ask for reports, which linkreport-gen writes; a person closes
# one; the links come again, and it is reopened. Sourced by scripts/demo, whose helpers it uses.

LR_SETTINGS='User:WikicrewBot/linkreport-gen/Settings'
LR_REPORTS='User:WikicrewBot/LinkReports'
LR_BOARD='Wikipedia talk:WikiProject Spam'
LR_RIVERS=(Danube Elbe Loire Meuse Oder Rhine)

# ---- articles --------------------------------------------------------------

build_reports() {
  local river
  headline 'Rivers, and the settings of linkreport-gen, on the English sandbox wiki'
  {
    for river in "${LR_RIVERS[@]}"; do page 5000 Marie "$river" "The $river is a river."; done
    page 5000 Marie Lighthouse 'A lighthouse shows ships the way.'
    page 6000 Admin "$LR_SETTINGS" 'Settings of linkreport-gen will stand here.' ',"protect":"sysop"'
    # The example, but with a second between edits, and rewritten and reopened as often as a demo wants it.
    page 90 Admin "$LR_SETTINGS" "$(sed -e 's/^publish: off/publish: pages/' -e 's|^</pre>$|edit_interval: 1\n&|' \
      -e 's/regenerate_every: 24h, reopen_every: 7d/regenerate_every: 1m, reopen_every: 1m/' \
      -e "s/^noticeboards: .*/noticeboards: [\"$LR_BOARD\"]/" bins/linkreport-gen/settings.example.wiki)"
  } | quietly scripts/sandbox load en -
}

# ---- what people do --------------------------------------------------------

# The times of page() count from now.
now() {
  # shellcheck disable=SC2034
  NOW=$(date +%s)
}

# The text of a page as it stands.
text_of() { # TITLE
  scripts/sandbox api en action=query prop=revisions "titles=$1" rvprop=content rvslots=main formatversion=2 |
    php -r 'echo json_decode(stream_get_contents(STDIN), true)["query"]["pages"][0]["revisions"][0]["slots"]["main"]["content"] ?? "";'
}

# The three lines at the top of a report, and people's part below it, as a reader sees them.
show_report() { # TITLE
  headline "$1"
  scripts/sandbox api en action=parse "page=$1" prop=text disableeditsection=1 formatversion=2 |
    php -r 'echo html_entity_decode(strip_tags(json_decode(stream_get_contents(STDIN), true)["parse"]["text"])), "\n";' |
    awk '/ additions? / && !found { found = 1; left = 3 }
      /^Status and discussion$/ { people = 1; print "  …" }
      left-- > 0 || people && NF { print "  " $0 }'
}

add_river_links() {
  local river
  now
  # One user, one host, six articles. The name is found in the host.
  for river in "${LR_RIVERS[@]}"; do
    page 0 RiverTours "$river" "The $river is a river. See it with [https://www.rivertours.example/${river,,} river tours]."
  done
  # Somebody takes one out, and it is there again.
  page 0 Marie Rhine 'The Rhine is a river.'
  page 0 RiverTours Rhine 'The Rhine is a river. See it with [https://www.rivertours.example/rhine river tours]. [https://tours.example.net/ More]'
  page 0 Newt Lighthouse $'A lighthouse shows ships the way.\n* [https://lighthouses.example.org/list A list of lighthouses]'
  # What no rule asks for, people ask for.
  page 0 Carol "$LR_BOARD" "$(text_of "$LR_BOARD")"$'\n\n* {{LinkSummary|lighthouses.example.org}} and {{UserSummary|RiverTours}}: what else do we know? --Carol'
}

close_report() {
  local text river
  text=$(text_of "$LR_REPORTS/rivertours.example")
  now
  page 0 Carol "$LR_REPORTS/rivertours.example" \
    "${text/"'''Status:''' open"/"'''Status:''' closed"}"$'\n* I wrote to RiverTours, and took the links out. Carol' ',"summary":"Closed"'
  for river in "${LR_RIVERS[@]}"; do page 0 Carol "$river" "The $river is a river."; done
}

add_again() {
  local river
  now
  for river in "${LR_RIVERS[@]}"; do
    page 0 RhineCruises "$river" "The $river is a river. [https://rivertours.example/new/${river,,} Cruises]."
  done
}

# ---- the jobs --------------------------------------------------------------

# Until recent changes of now may be read, and a report that was looked at before SECOND is looked at again.
wait_for_edits() { # [SECOND]
  local until=$(($(date +%s) + 31))
  ((${1:-0} + 62 <= until)) || until=$(($1 + 62))
  say "waiting $((until - $(date +%s))) seconds"
  sleep $((until - $(date +%s)))
}

demo_linkreport_gen() {
  local coi=target/release/coi-report report=target/release/linkreport-gen wiki="${SANDBOX_EN_API%/w/api.php}/wiki" made
  headline 'coi-report and linkreport-gen: they store where the wiki and the noticeboard stand'
  "$coi" --dns-server off
  "$report"
  # The part before this one leaves an addition of a domain that the noticeboard has named all the time.
  # shellcheck disable=SC2154
  [[ -n $keep || $jobs != *coi-report* ]] || say 'the report is about bridges.example.org: the noticeboard names it, and Newt added it before'
  headline 'People add links, and ask'
  sleep 1
  add_river_links | quietly scripts/sandbox load en -
  say 'RiverTours added a link to six articles, one of them twice; Carol asked on the noticeboard: {{LinkSummary}}, {{UserSummary}}'
  say 'the last 30 seconds are left alone, since a wiki may show them late'
  wait_for_edits
  headline 'coi-report: every addition is recorded; RiverTours and rivertours.example are a hit'
  "$coi" --dns-server off
  "$coi" report user RiverTours | sed -n 1,3p
  headline 'linkreport-gen: a rule asks for a report, Carol for two'
  "$report"
  made=$(date +%s)
  show_report "$LR_REPORTS/rivertours.example"
  show_report "$LR_REPORTS/lighthouses.example.org"
  show_report 'User:WikicrewBot/UserReports/RiverTours'
  headline 'Carol takes the links out, and closes the report'
  sleep 1
  close_report | quietly scripts/sandbox load en -
  show_report "$LR_REPORTS/rivertours.example"
  headline 'The link comes again in force, by another user'
  sleep 1
  add_again | quietly scripts/sandbox load en -
  wait_for_edits "$made"
  "$coi" --dns-server off
  headline 'linkreport-gen: what came since the closing meets the rule by itself, so the report is reopened'
  "$report"
  show_report "$LR_REPORTS/rivertours.example"
  headline 'linkreport-gen link: the same for a terminal; --output csv: every addition'
  "$report" link rivertours.example | sed -n 1,12p
  "$report" link rivertours.example --output csv | sed -n 1,3p
  headline 'Open in a browser'
  printf '%-58s %s\n' \
    'Settings, protected:' "$wiki/$LR_SETTINGS" \
    'Status: what is in force, what waits:' "$wiki/$LR_SETTINGS/Status" \
    'A report about a link, reopened:' "$wiki/$LR_REPORTS/rivertours.example" \
    'One that Carol asked for:' "$wiki/$LR_REPORTS/lighthouses.example.org" \
    'About a user, with recorded hits:' "$wiki/User:WikicrewBot/UserReports/RiverTours" \
    'The reports of the last days:' "$wiki/$LR_REPORTS" \
    'Those that are open:' "$wiki/Category:Open_link_reports" \
    'Where Carol asked:' "$wiki/${LR_BOARD// /_}"
}
