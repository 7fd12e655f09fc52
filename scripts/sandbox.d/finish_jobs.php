<?php
// Runs at the end of a request: does every job that waits. MediaWiki's own way
// ($wgJobRunRate) looks too early, before the last jobs of the request are queued,
// and trusts a note in its cache that there are none, which is wrong when several
// requests run at once.
use MediaWiki\MediaWikiServices;

( static function () {
	try {
		$services = MediaWikiServices::getInstance();
		if ( $services->getReadOnlyMode()->isReadOnly() ) {
			return;
		}
		$db = $services->getConnectionProvider()->getPrimaryDatabase();
		$jobs = static function ( array $where ) use ( $db ) {
			$db->flushSnapshot( 'sandbox' );
			return $db->newSelectQueryBuilder()->select( 'job_cmd' )->distinct()->from( 'job' )
				->where( $where )->caller( 'sandbox' )->fetchFieldValues();
		};
		for ( $round = 0; $round < 20 && ( $types = $jobs( [ 'job_token' => '' ] ) ); $round++ ) {
			foreach ( $types as $type ) {
				$services->getJobRunner()->run( [ 'type' => $type, 'maxJobs' => 10000 ] );
			}
		}
		// Another request may be busy with a job of this one: up to a second for that.
		// Old claims are of killed servers.
		$since = $db->addQuotes( $db->timestamp( time() - 3 ) );
		for ( $try = 0; $try < 200 && $_SERVER['REQUEST_METHOD'] === 'POST'; $try++ ) {
			if ( !$jobs( [ "job_token <> ''", "job_token_timestamp > $since", "job_cmd <> 'recentChangesUpdate'" ] ) ) {
				break;
			}
			usleep( 5000 );
		}
	} catch ( Throwable $e ) {
		// The answer is out; a database that a test has locked or stopped is its business.
	}
} )();
