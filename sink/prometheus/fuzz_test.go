package prometheus_test

import (
	"bytes"
	"testing"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/zibrato/zibrato/metric"
	"github.com/zibrato/zibrato/sink/prometheus"
)

// Whatever series are called, each is shown once in every form, and by names that the strictest reader takes.
func FuzzNames(f *testing.F) {
	f.Add("db.query", "db_query", "source", "x", "s", "what \\ \"is\"\n", uint8(1))
	f.Add("q.seconds.count", "q", "le", "+Inf", "By/s", "", uint8(3))
	f.Add("数据库", "__name__", "a.b", "\\\"", "%", "#", uint8(9))
	f.Add("total", "x_total", "series_id", "", "kbit", " ", uint8(7))
	f.Fuzz(func(t *testing.T, one, two, key, value, unit, help string, kinds uint8) {
		s, err := prometheus.New(prometheus.Config{})
		if err != nil {
			t.Fatal(err)
		}
		var all []metric.Aggregate
		seen := map[string]bool{}
		for i, name := range []string{one, two, one + two, two + "." + one} {
			of := seriesOf(metric.Kinds[(int(kinds)>>i)%len(metric.Kinds)], "")
			of.Name, _ = metric.LegalName(name)
			tag, _ := metric.LegalTag(metric.Tag{Key: key, Value: value})
			other, _ := metric.LegalTag(metric.Tag{Key: value, Value: key})
			of.Tags = metric.SortTags([]metric.Tag{tag, other})
			of.Unit, of.Help = metric.LegalText(unit, metric.MaxUnitLen), metric.LegalText(help, metric.MaxHelpLen)
			if !seen[of.Key()] {
				seen[of.Key()] = true
				all = append(all, aggregate(of, 1, 2))
			}
		}
		write(t, s, nth(0, all...))
		for form := range readers {
			if got := scrape(t, s, form); len(got) != len(all) {
				t.Errorf("%s: %d series of %d", form, len(got), len(all))
			}
		}
		parser := expfmt.NewTextParser(model.LegacyValidation)
		if _, err := parser.TextToMetricFamilies(bytes.NewReader(get(s, acceptText))); err != nil {
			t.Error(err)
		}
	})
}
