<?php
// Settings of both sandbox wikis. Which of them: SANDBOX_WIKI; where its data
// lie: SANDBOX_DIR. Both come from scripts/sandbox.
if ( !defined( 'MEDIAWIKI' ) ) {
	exit;
}

$sandboxDir = getenv( 'SANDBOX_DIR' );
$sandboxWiki = getenv( 'SANDBOX_WIKI' );
$sandboxConfig = json_decode( (string)file_get_contents( "$sandboxDir/config.json" ), true );
if ( !isset( $sandboxConfig['wikis'][$sandboxWiki] ) ) {
	throw new RuntimeException( "No sandbox wiki '$sandboxWiki' in '$sandboxDir': start it with scripts/sandbox up" );
}
$sandboxThis = $sandboxConfig['wikis'][$sandboxWiki];

// ---- addresses and database
$wgSitename = 'Wikipedia';
$wgMetaNamespace = 'Wikipedia';
$wgServer = 'http://127.0.0.1:' . $sandboxThis['port'];
$wgCanonicalServer = $wgServer;
$wgScriptPath = '/w';
$wgResourceBasePath = '/w';
$wgArticlePath = '/wiki/$1';
$wgUsePathInfo = true;
$wgDBtype = 'mysql';
$wgDBserver = $sandboxConfig['db']['host'] . ':' . $sandboxConfig['db']['port'];
$wgDBname = $sandboxWiki . 'wiki';
$wgDBuser = $sandboxConfig['db']['user'];
$wgDBpassword = $sandboxConfig['db']['password'];
$wgDBTableOptions = 'ENGINE=InnoDB, DEFAULT CHARSET=binary';
$wgSecretKey = $sandboxThis['key'];
$wgUpgradeKey = false;
$wgAuthenticationTokenVersion = '1';
$wgExtensionDirectory = $sandboxConfig['mediawiki'] . '/extensions-core';
$wgStyleDirectory = $sandboxConfig['mediawiki'] . '/skins';
$wgUploadDirectory = "$sandboxDir/images/$sandboxWiki";
$wgUploadPath = '/w/images';

// ---- language
$wgLanguageCode = $sandboxThis['lang'];
$wgLocalInterwikis = [ $sandboxWiki ];
$wgNamespaceAliases['WP'] = NS_PROJECT;
$wgLocaltimezone = 'UTC';
if ( $sandboxWiki === 'de' ) {
	// As on the German Wikipedia: signatures say "(CET)" or "(CEST)".
	$wgLocaltimezone = 'Europe/Berlin';
}
foreach ( [ 1, 2, 3, 4, 5, 7, 8, 9, 10, 11, 12, 13, 15 ] as $sandboxNs ) {
	$wgNamespacesWithSubpages[$sandboxNs] = true;
}

// ---- caches
// The web workers share one APCu. A maintenance script is another process and
// would neither see nor clear it, so it has no cache (and scripts/sandbox clears
// the workers' afterwards). Sessions lie in the database, so that clearing the
// caches logs nobody out.
$wgMainCacheType = PHP_SAPI === 'cli' ? CACHE_NONE : CACHE_ACCEL;
$wgMessageCacheType = $wgMainCacheType;
$wgParserCacheType = $wgMainCacheType;
$wgSessionCacheType = CACHE_DB;
$wgCacheDirectory = "$sandboxDir/cache/$sandboxWiki";
$wgLocalisationCacheConf['store'] = 'array';
$wgLocalisationCacheConf['manualRecache'] = true;
$wgUseLocalMessageCache = false;
$wgInvalidateCacheOnLocalSettingsChange = false;

// ---- everything is done when the answer has arrived (see also router.php)
$wgForceDeferredUpdatesPreSend = true;
$wgJobRunRate = 0; // finish_jobs.php does them

// ---- accounts
$wgAutoCreateTempUser['enabled'] = true;
$wgAutoCreateTempUser['known'] = true;
// A request with this header is one to a wiki without temporary accounts, from the
// address that it says it was forwarded for.
if ( ( $_SERVER['HTTP_X_SANDBOX_TEMPORARY_ACCOUNTS'] ?? '' ) === 'off' ) {
	$wgAutoCreateTempUser['enabled'] = false;
	$wgCdnServersNoPurge = [ '127.0.0.1' ];
}
$wgTempAccountCreationThrottle = [];
$wgTempAccountNameAcquisitionThrottle = [];
$wgAccountCreationThrottle = [];
$wgPasswordAttemptThrottle = [];
$wgRateLimits = [];
$wgPasswordPolicy['policies'] = [ 'default' => [] ];
// Stretching a password for 100 ms protects nothing here.
$wgPasswordDefault = 'sandbox';
$wgPasswordConfig['sandbox'] = [
	'class' => MediaWiki\Password\Pbkdf2PasswordUsingOpenSSL::class,
	'algo' => 'sha512',
	'cost' => '10',
	'length' => '64',
];
// The rule of the large wikis. Sandbox users meet it unless made with --new.
$wgAutoConfirmAge = 4 * 86400;
$wgAutoConfirmCount = 10;
$wgEnableBotPasswords = true;
$wgEnableEmail = false;
$wgEnableUserEmail = false;

// ---- extensions
wfLoadSkin( 'Vector' );
$wgDefaultSkin = 'vector-2022';
wfLoadExtension( 'Echo' );
wfLoadExtension( 'SpamBlacklist' );
wfLoadExtension( 'TitleBlacklist' );
wfLoadExtension( 'AbuseFilter' );
wfLoadExtension( 'ParserFunctions' );
wfLoadExtension( 'Cite' );
if ( $sandboxWiki === 'en' ) {
	wfLoadExtension( 'SyntaxHighlight_GeSHi' );
	// The system's: the one that comes along is not in Debian's package.
	$wgPygmentizePath = '/usr/bin/pygmentize';
}
$wgEchoUseJobQueue = false;
// The default is a list fetched from another host: only the wiki's own page counts.
$wgBlacklistSettings = [ 'spam' => [ 'files' => [] ], 'email' => [ 'files' => [] ] ];
// A filter that a test makes hit on every edit must not be switched off for that.
$wgAbuseFilterEmergencyDisableThreshold = [ 'default' => 1.1 ];
$wgAbuseFilterEmergencyDisableCount = [ 'default' => 1000000 ];

// ---- lag
// A wiki without replicas says its lag is -1; the large wikis say 0 or more, so
// that maxlag=-1 always gets a lag error.
$wgHooks['ApiMaxLagInfo'][] = static function ( &$info ) {
	if ( $info['lag'] < 0 ) {
		$info = [ 'host' => 'db', 'lag' => 0, 'type' => 'db' ] + $info;
	}
};

// ---- errors are told
$wgShowExceptionDetails = true;
$wgDevelopmentWarnings = false;
$wgDebugLogGroups['exception'] = "$sandboxDir/log/$sandboxWiki-error.log";
$wgDebugLogGroups['fatal'] = "$sandboxDir/log/$sandboxWiki-error.log";
$wgDebugLogGroups['error'] = "$sandboxDir/log/$sandboxWiki-error.log";
$wgPingback = false;
$wgAllowExternalImages = false;
$wgEnableUploads = false;
