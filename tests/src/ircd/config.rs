//! The configuration files of the IRC servers. Everything listens on 127.0.0.1, nothing is looked up anywhere.

use std::path::Path;

use crate::certificates::Certificates;

/// <https://ngircd.barton.de/man/ngircd.conf.5.html>
pub(super) fn ngircd(port: u16) -> String {
    format!(
        "[Global]
Name = irc.example.org
Info = Tests
AdminEMail = tests@example.org
Listen = 127.0.0.1
Ports = {port}
MotdPhrase = Tests
[Limits]
MaxConnections = 0
MaxConnectionsIP = 0
MaxJoins = 0
MaxNickLength = 30
MaxPenaltyTime = 0
PingTimeout = 600
PongTimeout = 60
[Options]
DNS = no
Ident = no
PAM = no
IncludeDir =
OperCanUseMode = yes
[Operator]
Name = root
Password = root
"
    )
}

/// <https://docs.inspircd.org/3/configuration/>; `third`: for InspIRCd 3, else 4.
pub(super) fn inspircd(
    folder: &Path,
    modules: &Path,
    [plain, tls, link]: &[u16; 3],
    certificates: &Certificates,
    third: bool,
) -> String {
    let (folder, modules) = (folder.display(), modules.display());
    let (certificate, key) = (certificates.certificate(), certificates.key());
    let (certificate, key) = (certificate.display(), key.display());
    let (form, accounts) = if third {
        (r#"<config format="xml">"#, &["services_account"][..])
    } else {
        ("", &["account", "services"][..])
    };
    // The last three are what Anope asks for.
    let modules_used: String = ["cap", "ircv3_accounttag", "ircv3_ctctags", "ircv3_servertime", "sasl"]
        .iter()
        .chain(accounts)
        .chain(&[
            "samode",
            "ssl_gnutls",
            "spanningtree",
            "chghost",
            "chgident",
            "hidechans",
            // A channel with +H plays back what was said to those who come in.
            "ircv3_batch",
            "chanhistory",
        ])
        .map(|name| format!("<module name=\"{name}\">\n"))
        .collect();
    format!(
        r#"{form}
<path configdir="{folder}" datadir="{folder}" logdir="{folder}" runtimedir="{folder}" moduledir="{modules}">
<pid file="{folder}/inspircd.pid">
<server name="irc.example.org" description="Tests" network="Tests" id="1AA">
<admin name="Tests" nick="tests" email="tests@example.org">
{modules_used}<sslprofile name="tests" provider="gnutls" certfile="{certificate}" keyfile="{key}">
<bind address="127.0.0.1" port="{plain}" type="clients">
<bind address="127.0.0.1" port="{tls}" type="clients" sslprofile="tests">
<bind address="127.0.0.1" port="{link}" type="servers">
<connect name="tests" allow="*" timeout="60" pingfreq="600" threshold="1000000" commandrate="1000000" fakelag="no"
  recvq="65536" softsendq="1048576" hardsendq="4194304" localmax="1000" globalmax="1000" maxchans="100"
  resolvehostnames="no" useident="no">
<performance clonesonconnect="no">
<class name="all" commands="*" privs="*" usermodes="*" chanmodes="*">
<type name="all" classes="all">
<oper name="root" password="root" host="*@*" type="all">
<sasl target="services.example.org" requiressl="no">
<link name="services.example.org" ipaddr="127.0.0.1" port="{link}" allowmask="127.0.0.0/8"
  sendpass="linked" recvpass="linked">
<uline server="services.example.org" silent="yes">
"#
    )
}

/// Anope 2.0. Passwords are kept; nobody is asked for mail, and nobody is thrown off a nick.
pub(super) fn services(folder: &Path, link: u16, third: bool) -> String {
    let casemap = if third { "rfc1459" } else { "ascii" };
    let folder = folder.display();
    format!(
        r#"
uplink {{ host = "127.0.0.1"; ipv6 = no; ssl = no; port = {link}; password = "linked" }}
serverinfo {{ name = "services.example.org"; description = "Services"; pid = "{folder}/services.pid"; motd = "/dev/null" }}
module {{ name = "inspircd3"; use_server_side_mlock = no; use_server_side_topiclock = no }}
networkinfo {{ networkname = "Tests"; nicklen = 30; userlen = 10; hostlen = 64; chanlen = 64; modelistsize = 100
  vhost_chars = "abcdefghijklmnopqrstuvwxyz0123456789.-"; allow_undotted_vhosts = false; disallow_start_or_end = ".-" }}
options {{ casemap = "{casemap}"; strictpasswords = no; badpasslimit = 0; badpasstimeout = 1h; updatetimeout = 5m
  expiretimeout = 30m; readtimeout = 1s; warningtimeout = 4h; timeoutcheck = 3s; retrywait = 1s; seed = 4711
  defaultlanguage = "en_US"; languages = "" }}
service {{ nick = "NickServ"; user = "services"; host = "services.example.org"; gecos = "Accounts" }}
module {{ name = "nickserv"; client = "NickServ"; forceemail = no; defaults = ""; regdelay = 0s; expire = 0
  resenddelay = 0s; passlen = 64; enforceruser = "enforcer"; enforcerhost = "services.example.org"; releasetimeout = 1m
  guestnickprefix = "Guest"; confirmemailchanges = no; nonicknameownership = yes; secureadmins = no; maxaliases = 16 }}
module {{ name = "ns_register"; registration = "none"; nickregdelay = 0 }}
command {{ service = "NickServ"; name = "REGISTER"; command = "nickserv/register" }}
module {{ name = "ns_identify" }}
command {{ service = "NickServ"; name = "IDENTIFY"; command = "nickserv/identify" }}
module {{ name = "enc_sha256" }}
module {{ name = "db_flatfile"; database = "services.db"; keepbackups = 0; nobackupokay = yes; fork = no }}
module {{ name = "m_sasl" }}
"#
    )
}
