# shellcheck shell=bash
# The part of scripts/demo that shows coi-report: people add links to articles; the edits are recorded from the wiki,
# stored, and looked at. Sourced by scripts/demo, whose helpers it uses.

EVENTS=target/demo-events.jsonl

# ---- articles --------------------------------------------------------------

build_links() {
  headline 'Some articles on the English sandbox wiki'
  {
    page 9000 Admin 'Template:URL' '[http://{{{1}}} {{{1}}}]'
    page 9000 Admin 'Template:Url' '#REDIRECT [[Template:URL]]'
    page 5000 Marie Widget $'A widget is a small thing.\n\n== External links ==\n* [https://museum.example.org/widgets Museum of widgets]'
    page 5000 Marie Gadget 'A gadget is a widget with a plug.'
    page 5000 Antoine Bridge 'A bridge crosses water.'
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
  # No links: a comment and nowiki.
  page 0 Mallory Bridge $'A bridge crosses water. [https://web.archive.org/web/20200101000000/http://bridges.example.org/old Old page]\n* http://müller.example/Brücke\n* https://www.facebook.com/bridge.friends/posts/1\n<!-- http://hidden.example --><nowiki>http://hidden.example</nowiki>'
}

# ---- the job ---------------------------------------------------------------

demo_coi_report() {
  local coi=target/release/coi-report since
  headline 'coi-report test: a user name and a text'
  "$coi" test zxv zyxwv
  "$coi" test AcmeWidgets acmewidgets.example
  headline 'People add links'
  since=$(date -u +%Y-%m-%dT%H:%M:%SZ)
  sleep 1
  add_links | quietly scripts/sandbox load en -
  say 'AcmeWidgets added four links to two articles, Newt three to another one, Mallory none that counts'
  say 'the last 30 seconds are left alone, since a wiki may show them late: waiting'
  sleep 31
  headline "coi-report record: the edits with their texts, into $EVENTS"
  "$coi" record --since "$since" >"$EVENTS"
  headline 'coi-report ingest: the links that they added, into the database'
  "$coi" ingest --events "$EVENTS"
  headline 'coi-report ingest, the same file again: nothing new'
  "$coi" ingest --events "$EVENTS"
  headline 'coi-report links: by user, and by domain'
  "$coi" links AcmeWidgets
  "$coi" links example.org
  headline 'coi-report prune: nothing is too old yet'
  "$coi" prune
  headline 'coi-report stats'
  "$coi" stats
}
