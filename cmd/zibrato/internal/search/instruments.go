package search

import "github.com/zibrato/zibrato"

// What the engine measures of itself, at level debug: it costs a branch each until somebody looks.
var (
	debug = zibrato.AtLevel(zibrato.LevelDebug)

	tokeniseTime  = zibrato.NewTimer("index.tokenise", debug, zibrato.WithHelp("splitting one file into words"))
	postTime      = zibrato.NewTimer("index.post", debug, zibrato.WithHelp("entering one file's words into the postings"))
	parseTime     = zibrato.NewTimer("search.parse", debug, zibrato.WithHelp("splitting one query into clauses"))
	lookUpTime    = zibrato.NewTimer("search.look_up", debug, zibrato.WithHelp("finding the postings of one query's words"))
	intersectTime = zibrato.NewTimer("search.intersect", debug, zibrato.WithHelp("narrowing the candidates by one word's postings"))
	rankTime      = zibrato.NewTimer("search.rank", debug, zibrato.WithHelp("scoring all candidates of one query"))
	phraseTime    = zibrato.NewTimer("search.phrase", debug, zibrato.WithHelp("looking for one phrase in one candidate"))
	snippetTime   = zibrato.NewTimer("search.snippet", debug, zibrato.WithHelp("cutting out one result's snippet"))
	candidateDocs = zibrato.NewDistribution("search.candidates", debug, zibrato.WithHelp("documents that hold all words of a query"))
)
