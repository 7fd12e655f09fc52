# shellcheck shell=bash
# The part of scripts/demo that shows infobox-check: a small chemistry project with two boxes, an index of verified
# revisions and a log; then people change values. Sourced by scripts/demo, whose helpers it uses.

IB_SETTINGS='User:WikicrewBot/infobox-check/Settings'
CHEMICALS='Wikipedia:WikiProject Chemicals'
PHARMACOLOGY='Wikipedia:WikiProject Pharmacology'

# ---- templates -------------------------------------------------------------

# Rows of a box, each shown when its field has a value, with the mark of the field beside it.
rows() { # FIELD...
  local field
  for field in "$@"; do
    printf '{{#if:{{{%s|}}}|<tr><th>%s</th><td>{{{%s}}} {{{%s_Ref|}}}</td></tr>}}' "$field" "$field" "$field" "$field"
  done
}

# A whole box: what is inside, then ✓ or ✗ with a link to compare, and the categories for people who look after it.
infobox() { # KIND INSIDE
  printf '%s' '<table class="infobox" style="float:right"><tr><th colspan="2">{{{Name|{{PAGENAME}}}}}</th></tr>' "$2" \
    '{{#if:{{{verifiedrevid|}}}|<tr><td colspan="2">{{#if:{{{Verifiedfields|}}}|✗|✓}} ' \
    '([[Special:Diff/{{{verifiedrevid}}}/cur|verify]])</td></tr>}}</table>' \
    "{{#if:{{{Verifiedfields|}}}|[[Category:$1 which contain changes to verified fields]]}}" \
    "{{#if:{{{Watchedfields|}}}|[[Category:$1 which contain changes to watched fields]]}}"
}

cite() { # TEMPLATE WHAT
  page 9000 Admin "Template:$1" \
    "{{#switch:{{{1|}}}|correct=<span style=\"color:green\">✓</span>|changed=<span style=\"color:red\">✗</span>[[Category:Articles with changed $2]]}}"
}

templates() {
  page 9000 Admin 'Template:Chembox' "$(infobox Chemboxes '{{{Section1|}}}{{{Section2|}}}')"
  page 9000 Admin 'Template:Chembox Identifiers' "$(rows CASNo UNII)"
  page 9000 Admin 'Template:Chembox Properties' "$(rows BoilingPtC MeltingPtC)"
  page 9000 Admin 'Template:Chembox new' '#REDIRECT [[Template:Chembox]]'
  page 9000 Admin 'Template:Infobox drug' "$(infobox Drugboxes "$(rows CAS_number KEGG)")"
  page 9000 Admin 'Template:Drugbox' '#REDIRECT [[Template:Infobox drug]]'
  cite Cascite 'CAS number'
  cite Ebicite 'EBI identifier'
  cite Chemspidercite 'ChemSpider identifier'
  cite Drugbankcite 'DrugBank identifier'
  cite Keggcite 'KEGG identifier'
  cite Stdinchicite 'InChI identifier'
  cite Fdacite 'FDA identifier'
}

# ---- articles --------------------------------------------------------------

chembox() { # NAME CASNO UNII BOILING TEXT
  printf '{{Chembox\n| Name = %s\n| Section1={{Chembox Identifiers\n| CASNo = %s\n| UNII = %s\n }}\n| Section2={{Chembox Properties\n| BoilingPtC = %s\n }}\n}}\n%s' "$@"
}

drugbox() { # CAS KEGG TEXT
  printf '{{Drugbox\n| CAS_number = %s\n| KEGG = %s\n}}\n%s' "$@"
}

acetone() { page "$1" "$2" Acetone "$(chembox Acetone "$3" 1364PS73AF 56 'Acetone is a solvent.')"; }
benzene() { page "$1" "$2" Benzene "$(chembox Benzene 71-43-2 J64922108F "$3" 'Benzene burns with soot.')"; }
paracetamol() { page "$1" "$2" Paracetamol "$(drugbox 103-90-2 "$3" 'Paracetamol is a medicine.')"; }

chemistry() {
  templates
  page 8000 Admin "$CHEMICALS" 'We look after chemicals.'
  page 8000 Admin "$PHARMACOLOGY" 'We look after medicines.'
  acetone 7000 Marie 67-64-1
  benzene 7000 Marie 80
  paracetamol 7000 Antoine D00217
}

# The settings as they come with the job, but with edits on, a second between them, and no waiting: usually marks are
# set when an edit is an hour old, so that the bot does not save on top of what somebody is about to revert.
ib_settings() {
  sed 's/^\( *\)edit: false$/\1edit: true/; s/^settle: .*/settle: 0m/; s|^</pre>$|edit_interval: 1\n&|' \
    bins/infobox-check/settings.example.wiki
}

# Index lines name revisions, so they come after the articles. Everything that the job obeys is protected first.
chemistry_index() { # REVID-OF-ACETONE REVID-OF-BENZENE REVID-OF-PARACETAMOL
  local protected=',"protect":"sysop"'
  page 6000 Admin "$CHEMICALS/Index" \
    $'Revisions whose identifiers were checked.\n'"* [[Special:PermanentLink/$1|Acetone]]"$'\n'"* [[Special:PermanentLink/$2|Benzene]]" "$protected"
  page 6000 Admin "$PHARMACOLOGY/Index" \
    $'Revisions whose identifiers were checked.\n'"* [[Special:PermanentLink/$3|Paracetamol]]" "$protected"
  page 6000 Admin "$IB_SETTINGS" 'Settings of infobox-check will stand here.' "$protected"
  page 5999 Admin "$IB_SETTINGS" "$(ib_settings)" ',"summary":"Settings of infobox-check"'
}

build_chemistry() {
  local revids
  headline 'A small chemistry project on the English sandbox wiki'
  mapfile -t revids < <(chemistry | scripts/sandbox load en - |
    sed -n 's/.*"title":"\(Acetone\|Benzene\|Paracetamol\)".*"revid":\([0-9]*\).*/\2/p')
  chemistry_index "${revids[@]}" | quietly scripts/sandbox load en -
  say 'three articles with boxes; the index names a verified revision of each'
}

# ---- what people do --------------------------------------------------------

changes() {
  # The times of page() count from here.
  # shellcheck disable=SC2034
  NOW=$(date +%s)
  # Away from the verified value; the check digit is wrong too.
  acetone 0 Newt 67-64-7
  # Only watched, and written by somebody who would like the log to misbehave.
  benzene 0 Mallory '80<b>[[User:Mallory|!]]</b> <nowiki>~~~~</nowiki> {{Delete}}'
  # Away, and back by somebody else.
  paracetamol 0 Newt D00999
  paracetamol 0 Antoine D00217
}

show_changes() {
  headline "The table field_change in $DATABASE"
  scripts/sandbox sql -t "$DATABASE" -e "
    SELECT id, ts, title, user_name AS user, field, kind, state, LEFT(old_value, 16) AS old, LEFT(new_value, 16) AS new,
           verified_value AS verified, verified_revid, check_result IS NOT NULL AS implausible, logged_revid
    FROM field_change ORDER BY id"
  headline 'Acetone as it stands now: the value is as somebody left it, the marks are true'
  scripts/sandbox api en action=query prop=revisions titles=Acetone rvprop=content rvslots=main formatversion=2 |
    sed -n 's/.*"content": *"\(.*\)".*/\1/p' | sed 's/\\n/\n/g; s/\\"/"/g'
}

show_chemistry_pages() {
  local wiki=${SANDBOX_EN_API%/w/api.php}/wiki
  headline 'Open in a browser'
  printf '%-58s %s\n' \
    'Settings, protected:' "$wiki/$IB_SETTINGS" \
    'Status: what is in force, what waits for a person:' "$wiki/$IB_SETTINGS/Status" \
    'The log of the last days:' "$wiki/${CHEMICALS// /_}/Infobox_changes" \
    'What differs from its verified revision now:' "$wiki/${CHEMICALS// /_}/Infobox_changes/Open" \
    'The log of the medicines:' "$wiki/${PHARMACOLOGY// /_}/Infobox_changes" \
    'Verified revisions:' "$wiki/${CHEMICALS// /_}/Index" \
    'An article with a cross:' "$wiki/Acetone" \
    'Articles to look at:' "$wiki/Category:Chemboxes_which_contain_changes_to_verified_fields"
}

demo_infobox_check() {
  headline 'infobox-check, first run: it stores where the wiki stands'
  target/release/infobox-check
  headline 'People change values'
  sleep 1
  changes | quietly scripts/sandbox load en -
  say 'Newt changed two verified values, Antoine put one back, Mallory changed a boiling point'
  say 'a run leaves the last 30 seconds alone, since a wiki may show them late: waiting'
  sleep 31
  headline 'infobox-check, second run: log lines and marks'
  target/release/infobox-check
  headline 'infobox-check, third run: nothing to do'
  target/release/infobox-check
  show_changes
  show_chemistry_pages
}
