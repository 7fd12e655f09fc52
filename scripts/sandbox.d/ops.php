<?php
// What tests need by the dozen, done inside the running web server: accounts, pages
// and backlogs. POST /sandbox-ops?op=users|load|bulk|clear with the token of sandbox.json in
// the header X-Sandbox-Token; JSON lines in, one JSON line out for each.
use MediaWiki\CommentStore\CommentStoreComment;
use MediaWiki\Content\ContentHandler;
use MediaWiki\Deferred\DeferredUpdates;
use MediaWiki\MediaWikiServices;
use MediaWiki\Revision\SlotRecord;
use MediaWiki\Title\Title;
use MediaWiki\User\BotPassword;
use MediaWiki\User\User;
use MediaWiki\User\UserIdentityValue;
use Wikimedia\IPUtils;
use Wikimedia\Timestamp\ConvertibleTimestamp;

define( 'MW_ENTRY_POINT', 'sandbox' );
require "$sandboxTree/includes/WebStart.php";

class SandboxOps {
	private MediaWikiServices $services;

	public function __construct() {
		$this->services = MediaWikiServices::getInstance();
	}

	/** One input line to one output line; what fails says so and spoils no other. */
	public function run( string $op, array $spec ): array {
		try {
			$done = match ( $op ) {
				'users' => $this->user( $spec ),
				'load' => $this->page( $spec ),
				'bulk' => $this->bulk( $spec['edits'] ?? [] ),
			};
			$this->commit();
			return $done;
		} catch ( Throwable $e ) {
			$this->services->getDBLoadBalancerFactory()->rollbackPrimaryChanges( __METHOD__ );
			return [ 'error' => get_class( $e ) . ': ' . $e->getMessage(), 'input' => $spec ];
		} finally {
			ConvertibleTimestamp::setFakeTime( false );
		}
	}

	private function commit(): void {
		$this->services->getDBLoadBalancerFactory()->commitPrimaryChanges( __METHOD__ );
		DeferredUpdates::doUpdates();
		$this->services->getDBLoadBalancerFactory()->commitPrimaryChanges( __METHOD__ );
	}

	private function db() {
		return $this->services->getConnectionProvider()->getPrimaryDatabase();
	}

	private function user( array $spec ): array {
		$factory = $this->services->getUserFactory();
		$user = $factory->newFromName( (string)( $spec['name'] ?? '' ), 'creatable' );
		if ( !$user ) {
			throw new InvalidArgumentException( "'{$spec['name']}' cannot be a user name" );
		}
		$name = $user->getName();
		$isNew = !$user->getId();
		$brandNew = $spec['new'] ?? false;
		$set = [];
		if ( $isNew ) {
			$status = $user->addToDatabase();
			if ( !$status->isOK() ) {
				throw new RuntimeException( (string)$status );
			}
			$spec += [ 'edits' => $brandNew ? 0 : 10, 'age_days' => $brandNew ? 0 : 30 ];
		}
		$password = $spec['password'] ?? ( $isNew ? bin2hex( random_bytes( 12 ) ) : null );
		$passwords = $this->services->getPasswordFactory();
		if ( $password !== null ) {
			$set['user_password'] = $passwords->newFromPlaintext( $password )->toString();
		}
		if ( isset( $spec['edits'] ) ) {
			$set['user_editcount'] = (int)$spec['edits'];
		}
		if ( isset( $spec['age_days'] ) ) {
			$set['user_registration'] = $this->db()->timestamp( time() - (int)( $spec['age_days'] * 86400 ) );
		}
		if ( $set ) {
			$this->db()->newUpdateQueryBuilder()->update( 'user' )->set( $set )
				->where( [ 'user_id' => $user->getId() ] )->caller( __METHOD__ )->execute();
		}
		$groups = $this->services->getUserGroupManager();
		foreach ( $spec['groups'] ?? [] as $group ) {
			$groups->addUserToGroup( $user, $group );
		}
		foreach ( $spec['remove_groups'] ?? [] as $group ) {
			$groups->removeUserFromGroup( $user, $group );
		}
		if ( !empty( $spec['options'] ) ) {
			$options = $this->services->getUserOptionsManager();
			foreach ( $spec['options'] as $key => $value ) {
				$options->setOption( $user, $key, $value );
			}
			$options->saveOptions( $user );
		}
		$this->services->getUserEditTracker()->clearUserEditCache( $user );
		$user->clearInstanceCache( 'id' );
		$user->invalidateCache();
		$out = [ 'name' => $name, 'id' => $user->getId() ];
		if ( $password !== null ) {
			$out['password'] = $password;
		}
		if ( !empty( $spec['bot_password'] ) ) {
			$secret = is_string( $spec['bot_password'] ) ? $spec['bot_password'] : bin2hex( random_bytes( 16 ) );
			// What the jobs need and no more: read, edit and create pages, `bot=1`
			// and high limits (highvolume), change tags (in editpage).
			$grants = $spec['grants'] ?? [ 'basic', 'highvolume', 'editpage', 'createeditmovepage' ];
			$data = [ 'centralId' => $user->getId(), 'appId' => 'wikicrew', 'grants' => $grants,
				'restrictions' => MWRestrictions::newDefault() ];
			$old = BotPassword::newFromCentralId( $user->getId(), 'wikicrew', IDBAccessObject::READ_LATEST );
			$status = BotPassword::newUnsaved( $data )->save( $old ? 'update' : 'insert',
				$passwords->newFromPlaintext( $secret ) );
			if ( !$status->isOK() ) {
				throw new RuntimeException( (string)$status );
			}
			$out += [ 'bot_login' => "$name@wikicrew", 'bot_secret' => $secret,
				'bot_password' => "$name@wikicrew:$secret" ];
		}
		return $out + [ 'created' => $isNew ];
	}

	/** The account in whose name a page is saved; made without a password if unknown. */
	private function author( string $name ): User {
		$user = $this->services->getUserFactory()->newFromName( $name, 'valid' );
		if ( !$user ) {
			throw new InvalidArgumentException( "'$name' cannot be a user name" );
		}
		if ( !$user->getId() ) {
			$made = $this->user( [ 'name' => $name ] );
			$user = $this->services->getUserFactory()->newFromId( $made['id'] );
		}
		return $user;
	}

	private function page( array $spec ): array {
		$title = Title::newFromText( (string)( $spec['title'] ?? '' ) );
		if ( !$title || !$title->canExist() ) {
			throw new InvalidArgumentException( "'" . ( $spec['title'] ?? '' ) . "' cannot be a page title" );
		}
		$name = $spec['user'] ?? 'Admin';
		$ip = IPUtils::isValid( $name ) ? IPUtils::sanitizeIP( $name ) : null;
		$author = $this->author( $ip ? 'Admin' : $name );
		if ( isset( $spec['timestamp'] ) ) {
			// The whole save happens at that time: revision, recent change, category links.
			ConvertibleTimestamp::setFakeTime( wfTimestamp( TS_UNIX, $spec['timestamp'] ) );
		}
		$page = $this->services->getWikiPageFactory()->newFromTitle( $title );
		$page->loadPageData( IDBAccessObject::READ_LATEST );
		$out = [ 'title' => $title->getPrefixedText() ];
		if ( isset( $spec['text'] ) ) {
			$flags = EDIT_INTERNAL | ( empty( $spec['bot'] ) ? 0 : EDIT_FORCE_BOT ) |
				( empty( $spec['minor'] ) ? 0 : EDIT_MINOR );
			$updater = $page->newPageUpdater( $author )->setContent( SlotRecord::MAIN,
				ContentHandler::makeContent( $spec['text'], $title, $spec['model'] ?? null ) );
			$updater->addTags( $spec['tags'] ?? [] );
			$revision = $updater->saveRevision(
				CommentStoreComment::newUnsavedComment( (string)( $spec['summary'] ?? '' ) ), $flags );
			if ( !$updater->getStatus()->isOK() ) {
				throw new RuntimeException( (string)$updater->getStatus() );
			}
			if ( $revision && $ip ) {
				$this->attributeToIp( $revision->getId(), $ip );
			}
			$out['revid'] = $revision ? $revision->getId() : $page->getLatest();
			$this->commit();
		}
		if ( isset( $spec['protect'] ) ) {
			$admin = $this->services->getUserFactory()->newFromName( 'Admin' );
			$cascade = (bool)( $spec['cascade'] ?? false );
			$level = $spec['protect'];
			$limit = $title->exists( IDBAccessObject::READ_LATEST )
				? [ 'edit' => $level, 'move' => $level ] : [ 'create' => $level ];
			$page = $this->services->getWikiPageFactory()->newFromTitle( $title );
			$status = $page->doUpdateRestrictions( $limit, array_fill_keys( array_keys( $limit ), 'infinity' ),
				$cascade, $spec['reason'] ?? '', $admin );
			if ( !$status->isOK() ) {
				throw new RuntimeException( (string)$status );
			}
		}
		return $out + [ 'pageid' => $title->getArticleID( IDBAccessObject::READ_LATEST ) ];
	}

	/**
	 * Thousands of edits of existing pages in a second: rows and nothing else. No links, no counts, no hooks, so
	 * what reads texts and recent changes sees them and what reads other tables does not. Oldest first.
	 */
	private function bulk( array $edits ): array {
		$db = $this->db();
		$actors = $this->services->getActorNormalization();
		$comment = $this->services->getCommentStore()->createComment( $db, '' )->id;
		$model = $this->services->getContentModelStore()->acquireId( CONTENT_MODEL_WIKITEXT );
		$role = $this->services->getSlotRoleStore()->acquireId( SlotRecord::MAIN );
		[ $authors, $pages, $revisions ] = [ [], [], [] ];
		// Rows of one statement get numbers that follow each other; this gives the first.
		$insert = static function ( string $table, array $rows ) use ( $db ): int {
			$db->newInsertQueryBuilder()->insertInto( $table )->rows( $rows )->caller( __METHOD__ )->execute();
			return $db->insertId();
		};
		foreach ( array_chunk( $edits, 500 ) as $chunk ) {
			[ $texts, $contents, $revs, $slots, $changes ] = [ [], [], [], [], [] ];
			foreach ( $chunk as $edit ) {
				$texts[] = [ 'old_text' => $edit['text'], 'old_flags' => 'utf-8' ];
				$name = $edit['user'];
				$authors[$name] ??= $actors->acquireActorId( $this->author( $name ), $db );
				if ( !isset( $pages[$edit['title']] ) ) {
					$title = Title::newFromText( $edit['title'] );
					$page = $this->services->getWikiPageFactory()->newFromTitle( $title );
					$page->loadPageData( IDBAccessObject::READ_LATEST );
					if ( !$page->exists() ) {
						throw new InvalidArgumentException( "there is no page '{$edit['title']}': load it first" );
					}
					$pages[$edit['title']] = [ 'id' => $page->getId(), 'ns' => $title->getNamespace(),
						'key' => $title->getDBkey(), 'latest' => $page->getLatest(),
						'len' => $page->getRevisionRecord()->getSize() ];
				}
			}
			$text = $insert( 'text', $texts );
			foreach ( $chunk as $i => $edit ) {
				$contents[] = [ 'content_size' => strlen( $edit['text'] ), 'content_model' => $model,
					'content_sha1' => SlotRecord::base36Sha1( $edit['text'] ), 'content_address' => 'tt:' . ( $text + $i ) ];
			}
			$content = $insert( 'content', $contents );
			foreach ( $chunk as $i => $edit ) {
				$revs[] = [ 'rev_page' => $pages[$edit['title']]['id'], 'rev_comment_id' => $comment,
					'rev_actor' => $authors[$edit['user']], 'rev_len' => strlen( $edit['text'] ), 'rev_parent_id' => 0,
					'rev_timestamp' => $db->timestamp( wfTimestamp( TS_MW, $edit['timestamp'] ) ),
					'rev_sha1' => $contents[$i]['content_sha1'] ];
			}
			$first = $insert( 'revision', $revs );
			$parents = '';
			foreach ( $chunk as $i => $edit ) {
				$page = &$pages[$edit['title']];
				$parents .= ' WHEN ' . ( $first + $i ) . ' THEN ' . $page['latest'];
				$slots[] = [ 'slot_revision_id' => $first + $i, 'slot_role_id' => $role,
					'slot_content_id' => $content + $i, 'slot_origin' => $first + $i ];
				$changes[] = [ 'rc_timestamp' => $revs[$i]['rev_timestamp'], 'rc_actor' => $authors[$edit['user']],
					'rc_namespace' => $page['ns'], 'rc_title' => $page['key'], 'rc_comment_id' => $comment,
					'rc_cur_id' => $page['id'], 'rc_this_oldid' => $first + $i, 'rc_last_oldid' => $page['latest'],
					'rc_type' => RC_EDIT, 'rc_source' => 'mw.edit', 'rc_old_len' => $page['len'],
					'rc_new_len' => $revs[$i]['rev_len'], 'rc_params' => '' ];
				[ $page['latest'], $page['len'] ] = [ $first + $i, $revs[$i]['rev_len'] ];
				$revisions[] = $first + $i;
				unset( $page );
			}
			$last = $first + count( $chunk ) - 1;
			$db->query( "UPDATE revision SET rev_parent_id = CASE rev_id$parents END WHERE rev_id BETWEEN $first AND $last",
				__METHOD__ );
			$insert( 'slots', $slots );
			$insert( 'recentchanges', $changes );
		}
		foreach ( $pages as $page ) {
			$db->newUpdateQueryBuilder()->update( 'page' )
				->set( [ 'page_latest' => $page['latest'], 'page_len' => $page['len'], 'page_touched' => $db->timestamp() ] )
				->where( [ 'page_id' => $page['id'] ] )->caller( __METHOD__ )->execute();
		}
		return [ 'revids' => $revisions ];
	}

	/**
	 * Since temporary accounts came no edit can be made by an IP address, but old
	 * ones are in every wiki's history.
	 */
	private function attributeToIp( int $revision, string $ip ): void {
		$actor = $this->services->getActorStoreFactory()->getActorStoreForImport()
			->acquireActorId( new UserIdentityValue( 0, $ip ), $this->db() );
		foreach ( [ [ 'revision', 'rev_actor', 'rev_id' ], [ 'recentchanges', 'rc_actor', 'rc_this_oldid' ] ] as [ $table, $field, $id ] ) {
			// The recent change is written after the commit of the revision.
			DeferredUpdates::addCallableUpdate( fn () => $this->db()->newUpdateQueryBuilder()->update( $table )
				->set( [ $field => $actor ] )->where( [ $id => $revision ] )->caller( __METHOD__ )->execute() );
		}
	}
}

( static function () {
	global $sandboxConfig;
	if ( !hash_equals( $sandboxConfig['ops_token'], $_SERVER['HTTP_X_SANDBOX_TOKEN'] ?? '' ) ) {
		http_response_code( 403 );
		echo "{\"error\":\"wrong X-Sandbox-Token: see .sandbox/sandbox.json\"}\n";
		return;
	}
	$op = $_GET['op'] ?? '';
	header( 'Content-Type: application/x-ndjson' );
	if ( $op === 'clear' ) {
		apcu_clear_cache();
		echo "{\"cleared\":true}\n";
		return;
	}
	if ( !in_array( $op, [ 'users', 'load', 'bulk' ], true ) ) {
		http_response_code( 400 );
		echo "{\"error\":\"op must be users, load, bulk or clear\"}\n";
		return;
	}
	$ops = new SandboxOps();
	$in = fopen( 'php://input', 'r' );
	while ( ( $line = fgets( $in ) ) !== false ) {
		if ( trim( $line ) === '' ) {
			continue;
		}
		$spec = json_decode( $line, true );
		$done = is_array( $spec ) ? $ops->run( $op, $spec )
			: [ 'error' => 'not a JSON object: ' . substr( $line, 0, 200 ) ];
		echo json_encode( $done, JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES ), "\n";
	}
} )();
require __DIR__ . '/finish_jobs.php';
