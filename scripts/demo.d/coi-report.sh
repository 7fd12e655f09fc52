# shellcheck shell=bash
# The part of scripts/demo that shows coi-report: a settings page, a noticeboard; people edit articles and add links; the
# job reads the edits, stores hits and links, and writes the page of the day; an admin whitelists a name on the commands
# page. Sourced by scripts/demo, whose helpers it uses.

COI_SETTINGS='User:WikicrewBot/coi-report/Settings'

# ---- articles --------------------------------------------------------------

build_links() {
  headline 'Some articles on the English sandbox wiki'
  {
    page 9000 Admin 'Template:URL' '[http://{{{1}}} {{{1}}}]'
    page 9000 Admin 'Template:Url' '#REDIRECT [[Template:URL]]'
    page 5000 Marie Widget $'A widget is a small thing.\n\n== External links ==\n* [https://museum.example.org/widgets Museum of widgets]'
    page 5000 Marie Gadget 'A gadget is a widget with a plug.'
    page 5000 Antoine Bridge 'A bridge crosses water.'
    page 5000 Grace 'Chocolate chip cookie' 'A cookie with pieces of chocolate.'
    page 5000 Admin 'Wikipedia talk:WikiProject Spam' $'Links to look at.\n\n* {{LinkSummary|bridges.example.org}} on many articles at once. --Admin'
    page 6000 Admin "$COI_SETTINGS" 'Settings of coi-report will stand here.' ',"protect":"sysop"'
    page 90 Admin "$COI_SETTINGS" "$(sed -e 's/^publish: off/publish: pages/' -e 's/^# commands: .*/commands: {}/' \
      -e 's/^noticeboards: .*/noticeboards: ["Wikipedia talk:WikiProject Spam"]/' bins/coi-report/settings.example.wiki)"
  } | quietly scripts/sandbox load en -
}

# ---- what people do --------------------------------------------------------

add_links() {
  # The times of page() count from here.
  # shellcheck disable=SC2034
  NOW=$(date +%s)
  # The name is found in the host; one link is made by a template, under another name of it.
  page 0 AcmeWidgets Widget $'A widget is a small thing. The best are [https://www.acmewidgets.example/shop?ref=1 here].\n\n{{Url|acmewidgets.example/about}}\n\n== External links ==\n* [https://museum.example.org/widgets Museum of widgets]'
  page 0 AcmeWidgets Gadget 'A gadget is a widget with a plug.<ref>http://acmewidgets.example/gadgets, [//shop.acmewidgets.example shop]</ref>'
  # Through an archive, in two scripts, and to the page of an owner on a big host.
  page 0 Newt Bridge $'A bridge crosses water. [https://web.archive.org/web/20200101000000/http://bridges.example.org/old Old page]\n* http://müller.example/Brücke\n* https://www.facebook.com/bridge.friends/posts/1'
  # A name that overlaps a title, by somebody who means nothing by it.
  page 0 ChocolateFan 'Chocolate chip cookie' 'A cookie with pieces of chocolate. It is eaten with milk.'
  # No links: a comment and nowiki.
  page 0 Mallory Bridge $'A bridge crosses water. [https://web.archive.org/web/20200101000000/http://bridges.example.org/old Old page]\n* http://müller.example/Brücke\n* https://www.facebook.com/bridge.friends/posts/1\n<!-- http://hidden.example --><nowiki>http://hidden.example</nowiki>'
}

# ---- the job ---------------------------------------------------------------

demo_coi_report() {
  local coi=target/release/coi-report wiki diff
  wiki="${SANDBOX_EN_API%/w/api.php}/wiki"
  headline 'coi-report test: a user name and a text'
  "$coi" test zxv zyxwv
  "$coi" test AcmeWidgets acmewidgets.example
  headline 'coi-report, the first run: it stores where the wiki stands'
  "$coi" --dns-server off
  headline 'People edit articles and add links'
  sleep 1
  add_links | quietly scripts/sandbox load en -
  say 'AcmeWidgets added four links to two articles, Newt three to another one, ChocolateFan wrote about cookies'
  say 'the last 30 seconds are left alone, since a wiki may show them late: waiting'
  sleep 31
  headline 'coi-report: it reads them, stores hits and links, and writes the page of the day'
  "$coi" --dns-server off
  headline 'coi-report report 10: the newest hits'
  "$coi" report 10
  headline 'coi-report explain: the whole story of one edit'
  diff=$("$coi" report user ChocolateFan --json | grep -o '"rev_id":[0-9]*' | head -n 1)
  "$coi" explain "${diff#*:}"
  headline 'An admin whitelists ChocolateFan on the commands page; the next run does it and answers'
  # shellcheck disable=SC2034
  NOW=$(date +%s)
  page 0 Admin 'User:WikicrewBot/coi-report/Commands' 'Commands for coi-report.' | quietly scripts/sandbox load en -
  "$coi" --dns-server off
  # shellcheck disable=SC2034
  NOW=$(date +%s)
  page 0 Admin 'User:WikicrewBot/coi-report/Commands' $'Commands for coi-report.\n* wl add ChocolateFan * — writes about sweets, and well' |
    quietly scripts/sandbox load en -
  "$coi" --dns-server off
  "$coi" wl search user ChocolateFan
  headline 'coi-report backtest: what a threshold of 60 would have found today, beside the one in force'
  sed -e 's/^score: .*/score: {threshold: 60}/' bins/coi-report/settings.example.wiki >target/demo-draft.wiki
  "$coi" --settings target/demo-draft.wiki backtest --since 1h
  headline 'coi-report links: by user, and by domain'
  "$coi" links AcmeWidgets
  "$coi" links example.org
  headline 'coi-report status and stats'
  "$coi" status
  "$coi" stats
  headline 'Pages to open'
  printf '  %-44s %s\n' \
    'Settings, protected:' "$wiki/$COI_SETTINGS" \
    'Status:' "$wiki/$COI_SETTINGS/Status" \
    'The day:' "$wiki/User:WikicrewBot/COIReports/$(LC_ALL=C date -u '+%Y,_%b_%-d')" \
    'Commands:' "$wiki/User:WikicrewBot/coi-report/Commands"
}
