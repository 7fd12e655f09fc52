<?php
// The command line's side: requests to the wikis, and everything that reads or
// writes JSON (a fresh machine has no other tool for it). Called by scripts/sandbox.

$box = getenv( 'SANDBOX_DIR' );
$config = json_decode( (string)@file_get_contents( "$box/config.json" ), true );

function fail( string $message ): never {
	fwrite( STDERR, "sandbox: $message\n" );
	exit( 1 );
}

function base( string $wiki ): string {
	global $config;
	$port = $config['wikis'][$wiki]['port'] ?? fail( "'$wiki' is no wiki: say en or de" );
	return "http://127.0.0.1:$port";
}

function http( string $url, ?string $body, array $headers = [], ?string $jar = null ): string {
	$curl = curl_init( $url );
	curl_setopt_array( $curl, [ CURLOPT_RETURNTRANSFER => true, CURLOPT_HTTPHEADER => $headers, CURLOPT_PROXY => '',
		CURLOPT_USERAGENT => 'wikicrew-sandbox', CURLOPT_TIMEOUT => 3600, CURLOPT_CONNECTTIMEOUT => 5 ] );
	if ( $body !== null ) {
		curl_setopt( $curl, CURLOPT_POSTFIELDS, $body );
	}
	if ( $jar !== null ) {
		curl_setopt_array( $curl, [ CURLOPT_COOKIEJAR => $jar, CURLOPT_COOKIEFILE => $jar ] );
	}
	$answer = curl_exec( $curl );
	if ( $answer === false ) {
		fail( "$url does not answer (" . curl_error( $curl ) . '): scripts/sandbox up' );
	}
	curl_close( $curl );
	return $answer;
}

function accounts(): array {
	global $box;
	return parse_ini_file( "$box/secrets", false, INI_SCANNER_RAW ) ?: [];
}

/** What tests read: .sandbox/sandbox.json */
function sandbox(): array {
	global $config, $box;
	$secret = accounts();
	$out = [ 'up' => true ];
	foreach ( $config['wikis'] as $wiki => $w ) {
		$base = base( $wiki );
		$out['wikis'][$wiki] = [
			'lang' => $w['lang'], 'dbname' => "{$wiki}wiki", 'port' => $w['port'],
			'api' => "$base/w/api.php", 'index' => "$base/w/index.php", 'page' => "$base/wiki/",
			'ops' => "$base/sandbox-ops", 'ops_token' => $config['ops_token'],
			'admin' => [ 'name' => 'Admin', 'password' => $secret['SECRET_admin'] ],
			'bot' => [ 'name' => 'WikicrewBot', 'password' => $secret['SECRET_bot'],
				'login' => 'WikicrewBot@wikicrew', 'bot_password' => $secret['SECRET_botpass'] ],
			'users' => array_map( static fn ( $n ) => [ 'name' => $n,
				'password' => $secret['SECRET_' . strtolower( $n )] ], [ 'Alice', 'Bob', 'Carol', 'Dave' ] ),
		];
	}
	foreach ( [ 'tool' => 'db', 'test' => 'db_parallel' ] as $from => $to ) {
		[ 'user' => $user, 'password' => $password ] = $config[$from];
		[ 'host' => $host, 'port' => $port ] = $config['db'];
		$out[$to] = [ 'host' => $host, 'port' => $port, 'user' => $user, 'password' => $password,
			'prefix' => "{$user}__", 'url' => "mysql://$user:$password@$host:$port" ];
	}
	$out['db']['socket'] = $config['db']['socket'];
	$out['versions'] = [ 'php' => PHP_VERSION, 'mediawiki' => null, 'mariadb' => null ];
	if ( preg_match( "/MW_VERSION', '([^']+)'/", (string)@file_get_contents( $config['mediawiki'] . '/includes/Defines.php' ), $m ) ) {
		$out['versions']['mediawiki'] = $m[1];
	}
	if ( preg_match( '/Ver ([0-9.]+)/', (string)shell_exec( 'mariadbd --version 2>/dev/null' ), $m ) ) {
		$out['versions']['mariadb'] = $m[1];
	}
	return $out;
}

function json( $value ): string {
	return json_encode( $value, JSON_PRETTY_PRINT | JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE ) . "\n";
}

/** Which of the three servers answer. */
function running(): array {
	global $config;
	$out = [];
	// A bare connection would count as an aborted one in the database's log.
	mysqli_report( MYSQLI_REPORT_OFF );
	[ 'host' => $host, 'port' => $port, 'user' => $user, 'password' => $password ] = $config['db'];
	$out['db'] = (bool)@( new mysqli() )->real_connect( $host, $user, $password, null, $port );
	foreach ( $config['wikis'] as $wiki => $w ) {
		$out[$wiki] = (bool)@fsockopen( '127.0.0.1', $w['port'], $code, $text, 1 );
	}
	return $out;
}

function api( array $args ): void {
	global $box;
	$wiki = array_shift( $args ) ?? fail( 'api WIKI key=value …' );
	$base = base( $wiki );
	$as = 'Admin';
	$params = [ 'format' => 'json', 'formatversion' => '2', 'errorformat' => 'plaintext' ];
	while ( $args ) {
		$arg = array_shift( $args );
		if ( $arg === '--as' ) {
			$as = array_shift( $args ) ?? fail( '--as needs a user' );
			continue;
		}
		[ $key, $value ] = explode( '=', $arg, 2 ) + [ 1 => '' ];
		$params[$key] = $value;
	}
	$action = $params['action'] ?? fail( "say what: action=…" );
	$jar = null;
	$call = static function ( array $p, bool $post ) use ( $base, &$jar ): array {
		$q = http_build_query( $p );
		$text = http( "$base/w/api.php" . ( $post ? '' : "?$q" ), $post ? $q : null, [ 'Expect:' ], $jar );
		return json_decode( $text, true ) ?? fail( "$base/w/api.php answered no JSON: " . substr( $text, 0, 500 ) );
	};
	$query = static fn ( array $p ) => $call( $p + [ 'action' => 'query', 'format' => 'json', 'formatversion' => 2 ], false );
	umask( 077 );
	if ( $as !== 'anon' ) {
		[ $name, $password ] = explode( ':', $as, 2 ) + [ 1 => accounts()['SECRET_' . ( $as === 'WikicrewBot' ? 'bot' : strtolower( $as ) )] ?? null ];
		$password ??= fail( "no password known for '$name': --as NAME:PASSWORD" );
		$kept = $jar = "$box/run/cookies-$wiki-" . md5( $as );
		// One at a time: two that log in at once would spoil each other's cookies.
		$lock = fopen( "$kept.lock", 'c' );
		flock( $lock, LOCK_EX );
		if ( $query( [ 'meta' => 'userinfo' ] )['query']['userinfo']['name'] !== explode( '@', $name )[0] ) {
			@unlink( $jar );
			$token = $query( [ 'meta' => 'tokens', 'type' => 'login' ] )['query']['tokens']['logintoken'];
			$login = $call( [ 'action' => 'login', 'lgname' => $name, 'lgpassword' => $password, 'lgtoken' => $token,
				'format' => 'json', 'formatversion' => 2 ], true );
			if ( ( $login['login']['result'] ?? '' ) !== 'Success' ) {
				fail( "login of '$name' on $wiki failed: " . json_encode( $login ) );
			}
		}
	}
	// Cookies must be kept even for nobody: a first edit makes a temporary account.
	$jar = tempnam( sys_get_temp_dir(), 'wikicrew' );
	register_shutdown_function( static fn () => @unlink( $jar ) );
	if ( $as !== 'anon' ) {
		copy( $kept, $jar );
		flock( $lock, LOCK_UN );
	}
	// The wiki itself says which of its modules are posted and with which token.
	$info = $call( [ 'action' => 'paraminfo', 'modules' => $action, 'format' => 'json', 'formatversion' => 2 ], false );
	$module = $info['paraminfo']['modules'][0] ?? [];
	foreach ( $module['parameters'] ?? [] as $p ) {
		if ( isset( $p['tokentype'] ) && !isset( $params[$p['name']] ) ) {
			$params[$p['name']] = $query( [ 'meta' => 'tokens', 'type' => $p['tokentype'] ] )['query']['tokens'][$p['tokentype'] . 'token'];
		}
	}
	$answer = $call( $params, (bool)( $module['mustbeposted'] ?? false ) );
	echo json( $answer );
	exit( isset( $answer['errors'] ) || isset( $answer['error'] ) ? 1 : 0 );
}

function user_line( array $args ): void {
	$spec = [];
	while ( $args ) {
		$arg = array_shift( $args );
		$value = static function () use ( &$args, $arg ) {
			return array_shift( $args ) ?? fail( "$arg needs a value" );
		};
		match ( $arg ) {
			'--group' => $spec['groups'][] = $value(),
			'--remove-group' => $spec['remove_groups'][] = $value(),
			'--password' => $spec['password'] = $value(),
			'--grant' => $spec['grants'][] = $value(),
			'--bot-password' => $spec['bot_password'] = true,
			'--edits' => $spec['edits'] = (int)$value(),
			'--age-days' => $spec['age_days'] = (float)$value(),
			'--new' => $spec['new'] = true,
			default => str_starts_with( $arg, '--' ) ? fail( "user knows no option $arg" ) : $spec['name'] = $arg,
		};
	}
	echo json_encode( $spec, JSON_UNESCAPED_UNICODE ), "\n";
}

function ops( string $wiki, string $op ): void {
	global $config;
	$answer = http( base( $wiki ) . "/sandbox-ops?op=$op", (string)stream_get_contents( STDIN ),
		[ "X-Sandbox-Token: {$config['ops_token']}", 'Content-Type: application/x-ndjson', 'Expect:' ] );
	echo $answer;
	$bad = 0;
	foreach ( explode( "\n", trim( $answer ) ) as $line ) {
		$done = json_decode( $line, true );
		if ( $line !== '' && ( !is_array( $done ) || isset( $done['error'] ) ) ) {
			$bad++;
			fwrite( STDERR, 'sandbox: ' . substr( $done['error'] ?? $line, 0, 1000 ) . "\n" );
		}
	}
	exit( $bad ? 1 : 0 );
}

function status( bool $asJson ): void {
	global $box;
	$all = sandbox();
	$running = running();
	$all['running'] = $running;
	$all['up'] = !in_array( false, $running, true );
	if ( $asJson ) {
		echo json( $all );
		exit( $all['up'] ? 0 : 3 );
	}
	foreach ( $all['wikis'] as $wiki => $w ) {
		echo str_pad( $wiki, 9 ), $running[$wiki] ? $w['page'] : 'DOWN', $running[$wiki] ? "   api: {$w['api']}" : '', "\n";
	}
	echo str_pad( 'database', 9 ), $running['db'] ? "{$all['db']['host']}:{$all['db']['port']}" : 'DOWN',
		"   tool: {$all['db']['user']} (20 connections), tests: {$all['db_parallel']['user']}\n";
	echo 'accounts Admin (sysop), WikicrewBot (bot), Alice, Bob, Carol, Dave; passwords: .sandbox/accounts.json', "\n";
	$v = $all['versions'];
	echo "versions MediaWiki {$v['mediawiki']}, MariaDB {$v['mariadb']}, PHP {$v['php']}\n";
	$snapshots = array_map( 'basename', glob( "$box/snapshots/*", GLOB_ONLYDIR ) ?: [] );
	echo 'kept     ', implode( ', ', $snapshots ), "\n";
	exit( $all['up'] ? 0 : 3 );
}

function env(): void {
	$all = sandbox();
	$out = [];
	foreach ( $all['wikis'] as $wiki => $w ) {
		$p = 'SANDBOX_' . strtoupper( $wiki );
		$out += [ "{$p}_API" => $w['api'], "{$p}_OPS" => $w['ops'], "{$p}_BOT" => $w['bot']['login'],
			"{$p}_BOT_PASSWORD" => $w['bot']['bot_password'], "{$p}_ADMIN_PASSWORD" => $w['admin']['password'] ];
	}
	$out['SANDBOX_OPS_TOKEN'] = $all['wikis']['en']['ops_token'];
	foreach ( [ 'db' => 'SANDBOX_DB', 'db_parallel' => 'SANDBOX_DB_PARALLEL' ] as $from => $p ) {
		foreach ( [ 'host', 'port', 'user', 'password', 'prefix', 'url' ] as $key ) {
			$out["{$p}_" . strtoupper( $key )] = $all[$from][$key];
		}
	}
	foreach ( $out as $key => $value ) {
		echo "export $key='$value'\n";
	}
}

$args = array_slice( $argv, 2 );
match ( $argv[1] ?? '' ) {
	'api' => api( $args ),
	'ops' => ops( $args[0], $args[1] ),
	'user-line' => user_line( $args ),
	'sandbox-json' => print( json( sandbox() ) ),
	'accounts-json' => print( json( array_map( static fn ( $w ) => [ 'admin' => $w['admin'], 'bot' => $w['bot'], 'users' => $w['users'] ],
		sandbox()['wikis'] ) ) ),
	'status' => status( in_array( '--json', $args, true ) ),
	'env' => env(),
	default => fail( 'client.php is called by scripts/sandbox' ),
};
