use super::*;
use proptest::prelude::*;

fn denied(text: &str) -> bool {
    allows(text, "MatchBot", "matchbot", &BotsNames::default()) != Verdict::Allowed
}

/// The vectors of pywikibot's rules, and the traps other bots fell into.
#[test]
fn pywikibots_rules_hold() {
    for (text, expected) in [
        // Nothing, or nothing that counts.
        ("", false),
        ("text", false),
        ("{{bots}}", false),
        ("{{Bots}}", false),
        ("{{robots|deny=all}}", false),
        ("{{nobotsx}}", false),
        ("{{bots", false),
        ("{{nobots}", false),
        ("{nobots}", false),
        // nobots
        ("{{nobots}}", true),
        ("{{Nobots}}", true),
        ("{{ nobots }}", true),
        ("{{\nnobots\n}}", true),
        ("{{nobots|all}}", true),
        ("{{nobots|MatchBot}}", true),
        ("{{nobots|OtherBot}}", false),
        ("{{nobots|OtherBot, MatchBot}}", true),
        ("{{nobots|OtherBot , matchBot ,X}}", true),
        ("{{nobots|none}}", false),
        ("{{nobots|allow=MatchBot}}", true),
        ("{{nobots|deny=OtherBot}}", true),
        ("{{nobots|1=OtherBot}}", true),
        ("{{nobots|}}", true),
        // allow: an allow list without the bot denies.
        ("{{bots|allow=all}}", false),
        ("{{bots|allow=MatchBot}}", false),
        ("{{bots|allow=OtherBot}}", true),
        ("{{bots|allow=OtherBot,MatchBot}}", false),
        ("{{bots|allow= OtherBot , MatchBot }}", false),
        ("{{bots| allow = MatchBot}}", false),
        ("{{bots|allow=none}}", true),
        ("{{bots|allow=MatchBot2}}", true),
        ("{{bots|allow=Match_Bot}}", true),
        ("{{bots|allow=}}", false),
        // deny
        ("{{bots|deny=all}}", true),
        ("{{bots|deny=none}}", false),
        ("{{bots|deny=MatchBot}}", true),
        ("{{bots|deny=OtherBot}}", false),
        ("{{bots|deny=OtherBot, MatchBot}}", true),
        ("{{bots|deny=OtherBot,\nMatchBot\n}}", true),
        ("{{bots|deny=}}", false),
        // by script
        ("{{bots|allowscript=matchbot}}", false),
        ("{{bots|allowscript=all}}", false),
        ("{{bots|allowscript=other}}", true),
        ("{{bots|denyscript=matchbot}}", true),
        ("{{bots|denyscript=all}}", true),
        ("{{bots|denyscript=other}}", false),
        // messages
        ("{{bots|optout=all}}", true),
        ("{{bots|optout=matchbot}}", true),
        ("{{bots|optout=nosource,nolicense}}", false),
        ("{{bots|optout=nosource, all}}", true),
        // only the first parameter counts
        ("{{bots|allow=MatchBot|deny=MatchBot}}", false),
        ("{{bots|deny=OtherBot|deny=MatchBot}}", false),
        ("{{bots|deny=MatchBot|allow=all}}", true),
        ("{{nobots|OtherBot|MatchBot}}", false),
        // unknown
        ("{{bots|MatchBot}}", false),
        ("{{bots|foo=all}}", false),
        ("{{bots||deny=all}}", false),
        // several templates
        ("{{bots|deny=OtherBot}} {{bots|deny=MatchBot}}", true),
        ("{{bots}}{{nobots}}", true),
        ("{{bots|allow=all}}\n{{bots|allow=OtherBot}}", true),
        ("{{nobots|OtherBot}}{{bots|allow=MatchBot}}", false),
        // names of templates
        ("{{Template:nobots}}", true),
        ("{{template : Nobots}}", true),
        ("{{ TEMPLATE:nobots}}", true),
        ("{{:nobots}}", false),
        ("{{User:nobots}}", false),
        // not wikitext
        ("<!-- {{nobots}} -->", false),
        ("<nowiki>{{nobots}}</nowiki>", false),
        ("<pre>{{nobots}}</pre>", false),
        ("<syntaxhighlight lang=x>{{nobots}}</syntaxhighlight>", false),
        ("<includeonly>{{nobots}}</includeonly>", false),
        ("<nowiki>{{nobots}}", true),
        ("<noinclude>{{nobots}}</noinclude>", true),
        ("<ref>{{nobots}}</ref>", true),
        ("{{<!-- x -->nobots<!-- y -->}}", true),
        ("{{bots|deny=<!-- OtherBot, -->MatchBot}}", true),
        ("{{bots|deny=<!-- MatchBot -->OtherBot}}", false),
        ("{{bots|deny=<nowiki>MatchBot</nowiki>}}", false),
        ("{<!-- -->{nobots}}", true),
        // braces
        ("{{{nobots}}}", false),
        ("{{{nobots|}}}", false),
        ("{{{{nobots}}}}", false),
        ("{{{nobots}} }", true),
        ("{{{1|{{nobots}}}}}", true),
        ("{{box|{{nobots}}}}", true),
        ("{{box|a=[[x|y]]|{{bots|deny=MatchBot}}}}", true),
        ("{{bots|deny={{x|OtherBot}},MatchBot}}", true),
        ("{{bots|deny=[[a|b]],MatchBot}}", true),
        ("{{unclosed {{nobots}}", true),
        ("[[unclosed {{nobots}}", true),
        ("}} ]] | {{nobots}}", true),
        ("{{bots|deny=[[x, MatchBot}}", true),
    ] {
        assert_eq!(denied(text), expected, "{text}");
    }
}

#[test]
fn redirects_and_local_names_count() {
    let names = BotsNames::new(["Vorlage:Roboter"], ["Keine Bots", "Template:NoBots"], ["Vorlage"]);
    let verdict = |text| allows(text, "match_Bot", "matchbot", &names);
    for text in [
        "{{keine_Bots}}",
        "{{Vorlage:Keine  bots}}{{vorlage: Keine Bots}}",
        "{{noBots}}",
        "{{nobots}}",
        "{{roboter|deny=Match Bot}}",
        "{{template:Bots|deny=match_Bot}}",
    ] {
        assert_ne!(verdict(text), Verdict::Allowed, "{text}");
    }
    assert_eq!(verdict("{{Keine bots}}"), Verdict::Allowed);
    assert_eq!(verdict("{{Roboter|allow=match Bot}}"), Verdict::Allowed);
}

#[test]
fn a_refusal_says_what_and_why() {
    let verdict = |text: &str| match allows(text, "B", "s", &BotsNames::default()) {
        Verdict::Denied(why) => why,
        Verdict::Allowed => panic!("allowed"),
    };
    assert_eq!(
        verdict("x {{bots|allow=A}}"),
        "{{bots|allow=A}}: the list does not name this account"
    );
    assert_eq!(verdict("{{nobots}}"), "{{nobots}}: no bot may edit here");
    let long = verdict(&format!("{{{{bots|deny=B,{}}}}}", "é".repeat(500)));
    assert!(long.chars().count() < 200 && long.contains('…'));
}

/// A quadratic scan of these would take minutes.
#[test]
fn hostile_pages_take_linear_time() {
    for piece in [
        "{{bots|",
        "{{",
        "{",
        "{{{",
        "}}",
        "[[",
        "|",
        "{{bots|deny=",
        "{{bots}}",
        "{{[[",
        "[[}}",
        "{{nobots|x",
        "{{{{{{{}}",
        "{{bots||||",
    ] {
        denied(&piece.repeat(200_000 / piece.len()));
    }
    denied(&format!("{}{}", "{".repeat(100_000), "}".repeat(100_000)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn a_template_counts_wherever_it_stands(
        parts in prop::collection::vec(prop::sample::select(vec![
            "{", "}", "{{", "}}", "[[", "]]", "|", "=", "bots", "x", "é", "\n", "<b>", ",", "\u{7F}",
        ]), 0..20)
    ) {
        // What stands before in lines of its own must not hide it.
        let noise = parts.concat();
        let text = format!("{noise}\n{{{{nobots}}}}\n");
        prop_assert!(denied(&text));
        prop_assert!(!denied(&noise) || noise.contains("bots"));
    }
}
