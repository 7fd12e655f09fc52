<?php
// Router of `php -S`: what a web server's rewrite rules would do.

// Without a length, an answer ends when the connection closes, and that is after
// the deferred updates and jobs. So whoever has the answer sees all its effects.
header_register_callback( static function () {
	header_remove( 'Content-Length' );
} );

$sandboxTree = $_SERVER['DOCUMENT_ROOT'] . '/w';
$sandboxPath = rawurldecode( strtok( $_SERVER['REQUEST_URI'], '?' ) ?: '/' );

if ( $sandboxPath === '/sandbox-ops' ) {
	$sandboxScript = 'ops';
} elseif ( preg_match( '~^/w/(api|index|load|rest|opensearch_desc|thumb)\.php(/|$)~D', $sandboxPath, $sandboxMatch ) ) {
	$sandboxScript = $sandboxMatch[1];
} elseif ( preg_match( '~^/w/(resources|skins|extensions|images)/.*\.(css|js|svg|png|gif|jpe?g|ico|woff2?|ttf|json|wasm)$~Di', $sandboxPath ) ) {
	return false;
} elseif ( $sandboxPath === '/' || $sandboxPath === '/w/' || $sandboxPath === '/w' || str_starts_with( $sandboxPath, '/wiki/' ) ) {
	$sandboxScript = 'index';
} else {
	http_response_code( 404 );
	echo "Not found\n";
	return true;
}

$_SERVER['SCRIPT_NAME'] = $_SERVER['PHP_SELF'] = "/w/$sandboxScript.php";
$_SERVER['SCRIPT_FILENAME'] = "$sandboxTree/$sandboxScript.php";
unset( $_SERVER['PATH_INFO'] );
if ( isset( $sandboxMatch ) && ( $sandboxRest = substr( $sandboxPath, strlen( "/w/$sandboxScript.php" ) ) ) !== '' ) {
	$_SERVER['PATH_INFO'] = $sandboxRest;
}
if ( $sandboxScript === 'ops' ) {
	require __DIR__ . '/ops.php';
	return true;
}
chdir( $sandboxTree );
require $_SERVER['SCRIPT_FILENAME'];

if ( $sandboxScript !== 'load' && defined( 'MW_SERVICE_BOOTSTRAP_COMPLETE' ) ) {
	require __DIR__ . '/finish_jobs.php';
}
return true;
