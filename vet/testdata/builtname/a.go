// Package builtname has names that are built at run time.
package builtname

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/zibrato/zibrato"
)

const prefix = "shop."

type kind string

type service struct {
	name  string
	scope *zibrato.Scope
}

func (s *service) do(k kind, n int, f func() error) (err error) {
	zibrato.Inc("jobs." + string(k))                                       // want `this name is built at run time: give what varies as the tag of a vector that is made once, zibrato.NewCounterVec\("jobs", \[\]string\{"…"\}\), and find its instruments by With\(value\)`
	defer zibrato.Time("db." + s.name + ".query")()                        // want `zibrato.NewTimerVec\("db"`
	defer s.scope.TimeErr(fmt.Sprintf("db.%s.query", s.name), &err)()      // want `zibrato.NewTimerVec\("db"`
	zibrato.Count(s.name+".jobs", 5)                                       // want `zibrato.NewCounterVec\("…"`
	zibrato.Set(prefix+strconv.Itoa(n), 1)                                 // want `zibrato.NewGaugeVec\("shop"`
	zibrato.Record(strconv.Itoa(n), 1)                                     // want `zibrato.NewDistributionVec\("…"`
	zibrato.Observe(strings.Join([]string{"a", s.name}, "."), time.Second) // want `zibrato.NewTimerVec\("…"`
	zibrato.Do(fmt.Sprint("shard ", n), func() {})                         // want `zibrato.NewTimerVec\("shard"`
	name := "jobs." + s.name
	if err := zibrato.DoErr(name, f); err != nil { // want `zibrato.NewTimerVec\("jobs"`
		return err
	}
	var other = ("jobs." + s.name)
	s.scope.Inc(other) // want `zibrato.NewCounterVec\("jobs"`
	return nil
}

func register(table string, shard int) {
	use(zibrato.NewTimer("db." + table))                              // want `zibrato.NewTimerVec\("db"`
	use(zibrato.NewUpDown(fmt.Sprintf("conns.%d", shard)))            // want `zibrato.NewUpDownVec\("conns"`
	use(zibrato.NewCounterVec("db."+table, []string{"operation"}))    // want `give what varies as one more tag of the vector, zibrato.NewCounterVec\("db", \[\]string\{…\}\)`
	zibrato.NewGaugeFunc("depth."+table, func() float64 { return 0 }) // want `give what varies as a tag, zibrato.NewGaugeFunc\("depth", …, zibrato.Tag\(key, value\)\)`
}

func use(any) {}

// What follows is right.

func newService(s *service, space string) {
	zibrato.Inc("jobs.done")
	zibrato.Inc(prefix + "jobs")
	zibrato.Inc(s.name)
	zibrato.Inc(string(kind("a")))
	zibrato.Inc(fixed())
	use(zibrato.NewTimer(space + ".jobs"))
	use(zibrato.NewTimer(fmt.Sprintf("%s.jobs", space)))
	use(zibrato.NewTimer(space + "." + s.name))
	name := "a"
	if space != "" {
		name = space + ".a"
	}
	zibrato.Inc(name)
	vec := zibrato.NewCounterVec("jobs", []string{"kind"})
	vec.With("kind " + space).Inc()
}

func fixed() string { return "a" }
