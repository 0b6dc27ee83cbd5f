// Package release stores words that pass something on, at the price of a plain store where the processor allows it.
package release
