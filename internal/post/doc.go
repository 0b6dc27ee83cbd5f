// Package post is what sinks that speak HTTP share: it sends bodies, reads what comes back, and keeps secrets out of what it says
// about both.
package post
