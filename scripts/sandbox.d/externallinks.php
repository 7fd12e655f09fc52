<?php
// The external links that MediaWiki itself registers for wikitext, the way saving a page does:
// `scripts/sandbox php en scripts/sandbox.d/externallinks.php`.
// First it prints the tags, a JSON array in one line. Then it reads lines, each a JSON array of texts, and answers
// each with a line: a JSON array that has for each text its distinct links, sorted, joined by line breaks.
//
// What a template's own wikitext does cannot be known from a page's source. So every template, parser function and
// magic word is nothing here, and each of its arguments is a text of its own; but {{!}} and {{=}} are | and =.
// Some tags of extensions that the sandbox has not got are given to it: their bodies are wikitext, or nothing at all.
use MediaWiki\Maintenance\Maintenance;
use MediaWiki\Parser\Parser;
use MediaWiki\Parser\ParserFactory;
use MediaWiki\Parser\PPFrame;
use MediaWiki\Settings\SettingsBuilder;
use MediaWiki\Title\Title;

class ArgumentsParser extends Parser {
	/** @var string[] expanded arguments that are not read yet */
	private array $arguments = [];
	private bool $isExpanded = false;

	public function braceSubstitution( array $piece, PPFrame $frame ) {
		$parts = $piece['parts'];
		$name = trim( $frame->expand( $piece['title'] ) );
		if ( !$parts->getLength() && ( $name === '!' || $name === '=' ) ) {
			return [ 'text' => $name === '!' ? '|' : '=' ];
		}
		for ( $i = 0; $i < $parts->getLength(); $i++ ) {
			$this->arguments[] = $frame->expand( $parts->item( $i )->splitArg()['value'] );
		}
		return [ 'text' => $this->insertStripItem( '' ) ];
	}

	public function replaceVariables( $text, $frame = false, $argsOnly = false ) {
		if ( $this->isExpanded ) {
			$this->isExpanded = false;
			return $text;
		}
		return parent::replaceVariables( $text, $frame, $argsOnly );
	}

	public function internalParse( $text, $isMain = true, $frame = false ) {
		$html = parent::internalParse( $text, $isMain, $frame );
		while ( $isMain && $this->arguments ) {
			$this->isExpanded = true;
			parent::internalParse( array_shift( $this->arguments ), false );
		}
		return $html;
	}

	public function clearState() {
		$this->arguments = [];
		$this->isExpanded = false;
		parent::clearState();
	}

	/** A parser made of what the factory makes its own of. */
	public static function make( ParserFactory $factory ): self {
		$known = [ $factory ];
		foreach ( ( new ReflectionClass( $factory ) )->getProperties() as $property ) {
			$known[] = $property->getValue( $factory );
		}
		$of = static function ( string $class ) use ( $known ) {
			return current( array_filter( $known, static fn ( $value ) => $value instanceof $class ) );
		};
		$parameters = ( new ReflectionMethod( Parser::class, '__construct' ) )->getParameters();
		ParserFactory::$inParserFactory++;
		try {
			$parser = new self( ...array_map( static fn ( $parameter ) => $of( (string)$parameter->getType() ), $parameters ) );
		} finally {
			ParserFactory::$inParserFactory--;
		}
		return $parser;
	}
}

class ExternalLinks extends Maintenance {
	private const WIKITEXT = [ 'ref', 'references', 'poem', 'indicator' ];
	private const OPAQUE = [ 'math', 'templatedata', 'source', 'syntaxhighlight' ];

	public function finalSetup( SettingsBuilder $settings ) {
		parent::finalSetup( $settings );
		// Names of other wikis, as the names of pictures are known in some languages.
		$settings->overrideConfigValue( 'NamespaceAliases', array_fill_keys( [ 'Fil', 'Datei', 'Fichier' ], NS_FILE ) );
	}

	public function execute() {
		$services = $this->getServiceContainer();
		$parser = ArgumentsParser::make( $services->getParserFactory() );
		$options = ParserOptions::newFromAnon();
		$parser->parse( '', Title::newMainPage(), $options ); // now the tags of the wiki are there
		foreach ( self::WIKITEXT as $tag ) {
			$parser->setHook( $tag, static function ( $body, $attributes, $parser, $frame ) {
				if ( $body !== null ) {
					$parser->recursiveTagParse( $body, $frame );
				}
				return '';
			} );
		}
		foreach ( self::OPAQUE as $tag ) {
			$parser->setHook( $tag, static fn () => '' );
		}
		$this->answer( $parser->getTags() );
		while ( ( $line = fgets( STDIN ) ) !== false ) {
			$links = static function ( $text ) use ( $parser, $options ) {
				$parser->startExternalParse( Title::newMainPage(), $options, Parser::OT_HTML );
				$parser->internalParse( strtr( $text, "\x7f", '?' ) );
				$found = array_keys( $parser->getOutput()->getExternalLinks() );
				sort( $found, SORT_STRING );
				return implode( "\n", $found );
			};
			$this->answer( array_map( $links, json_decode( $line, false, 2, JSON_THROW_ON_ERROR ) ) );
		}
	}

	private function answer( array $strings ) {
		$flags = JSON_THROW_ON_ERROR | JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES | JSON_INVALID_UTF8_SUBSTITUTE;
		echo json_encode( $strings, $flags ), "\n";
		flush();
	}
}

$maintClass = ExternalLinks::class;
return $maintClass;
