// Package search is a small code search engine: an inverted index with word positions over source files, searched for
// words and phrases that must all occur, ranked by BM25.
//
// Identifiers are split where people see words in them, and case is ignored: ListenAndServe, listen_and_serve and the
// comment "listen and serve" are the same three words. In a query an identifier of several words is a phrase, and so is
// what stands between double quotes:
//
//	ix.Search(`ListenAndServe "connection refused" retry`, 10)
//
// finds the files that hold all three. An [Index] is built once by a [Builder] and is then only read.
package search
