package demo

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestPaceIsSteadyBetweenBursts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second+tick/2)
		defer cancel()
		start := time.Now()
		perSecond := map[int]int{}
		pace(ctx, LoadConfig{Rate: 250, Burst: 100}, func() { perSecond[int((time.Since(start)-1)/time.Second)]++ })
		for second := range 10 {
			want := 250
			if second%3 == 2 { // bursts after 3, 6 and 9 seconds
				want += 100
			}
			if perSecond[second] != want {
				t.Errorf("second %d: %d queries, want %d", second, perSecond[second], want)
			}
		}
	})
}

func TestLoadCountsFailuresAndGoesOn(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	broken := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusInternalServerError)
	}))
	defer broken.Close()
	got, stop := observe(t, func(s seen) bool { return s["load.failed"] >= 20 }, cancel)
	err := Load(ctx, LoadConfig{Services: []string{broken.URL}, Corpus: smallCorpus(t), Connections: 1, Rate: 1000})
	stop()
	if err != nil {
		t.Errorf("Load: %v", err)
	}
	if got["load.failed"] < 20 || got["load.failed"] != got["load.query{outcome=error}"] {
		t.Errorf("%v failures, %v queries failed", got["load.failed"], got["load.query{outcome=error}"])
	}
}

func TestLoadShedsWhatTheServicesAreTooSlowFor(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	stuck := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-ctx.Done() }))
	defer stuck.Close()
	// One query is under way and as many wait as are due in a second. The next ones are left out.
	got, stop := observe(t, func(s seen) bool { return s["load.shed"] > 0 }, cancel)
	err := Load(ctx, LoadConfig{Services: []string{stuck.URL}, Corpus: smallCorpus(t), Connections: 1, Rate: 2000, Burst: 1})
	stop()
	if err != nil {
		t.Errorf("Load: %v", err)
	}
	if got["load.shed"] == 0 {
		t.Errorf("nothing was shed: %v", got)
	}
}

func TestLoadRefusesWhatItCannotDo(t *testing.T) {
	urls := []string{"http://127.0.0.1:1"}
	for want, cfg := range map[string]LoadConfig{
		"LoadConfig.Services":    {},
		"LoadConfig.Connections": {Services: urls, Connections: -1},
		"LoadConfig.Rate":        {Services: urls, Rate: -1},
		"LoadConfig.Burst":       {Services: urls, Burst: -1},
		"corpus":                 {Services: urls, Corpus: t.TempDir()},
	} {
		if err := Load(context.Background(), cfg); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Load(%+v): %v, want an error about %s", cfg, err, want)
		}
	}
}
