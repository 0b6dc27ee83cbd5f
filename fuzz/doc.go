// Package fuzz holds the fuzz targets of what reads bytes from strangers. Their seeds run as tests; to search further:
//
//	go test ./fuzz -fuzz FuzzDecodeBatch -fuzztime 1m
package fuzz
