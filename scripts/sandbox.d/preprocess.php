<?php
// How MediaWiki itself splits wikitext: `scripts/sandbox php en scripts/sandbox.d/preprocess.php`.
// First it prints the wiki's extension tags, a JSON array in one line. Then it reads lines, each a JSON array of
// texts, and answers each with a line: a JSON array of the trees, as XML, of the texts as pages of their own
// (not as included ones). The texts go in as they are: nothing trims them or touches their line ends.
use MediaWiki\Maintenance\Maintenance;

class Preprocess extends Maintenance {
	public function execute() {
		$parser = $this->getServiceContainer()->getParserFactory()->create();
		$parser->startExternalParse( null, ParserOptions::newFromAnon(), Parser::OT_PREPROCESS );
		$preprocessor = $parser->getPreprocessor();
		$this->answer( $parser->getTags() );
		while ( ( $line = fgets( STDIN ) ) !== false ) {
			$tree = static fn ( $text ) => (string)$preprocessor->preprocessToObj( $text );
			$this->answer( array_map( $tree, json_decode( $line, false, 2, JSON_THROW_ON_ERROR ) ) );
		}
	}

	private function answer( array $strings ) {
		echo json_encode( $strings, JSON_THROW_ON_ERROR | JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES ), "\n";
		flush();
	}
}

$maintClass = Preprocess::class;
return $maintClass;
