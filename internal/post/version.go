package post

import (
	"runtime/debug"
	"strings"
)

// Version is that of a module in the program at hand, for the header User-Agent; "devel" where the build does not tell.
func Version(module string) string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "devel"
	}
	for _, m := range append(info.Deps, &info.Main) {
		if m.Path == module && m.Version != "" && m.Version != "(devel)" {
			return strings.TrimPrefix(m.Version, "v")
		}
	}
	return "devel"
}
